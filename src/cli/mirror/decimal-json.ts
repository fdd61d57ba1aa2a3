import { LosslessNumber, stringify } from 'lossless-json'
import type { Terminal } from '../terminal.ts'

/**
 * Prints decimals as JSON numbers with all their digits: `fields` names the texts that are
 * decimals (an id may look like one). A list has one element per line.
 */
export function printDecimalJson(
  terminal: Terminal,
  value: unknown,
  fields: readonly string[],
): void {
  if (!Array.isArray(value)) return terminal.print(decimalJson(value, fields))
  if (value.length === 0) return terminal.print('[]')
  terminal.print(`[\n${value.map((entry) => decimalJson(entry, fields)).join(',\n')}\n]`)
}

function decimalJson(value: unknown, fields: readonly string[]): string {
  const decimals = new Set(fields)
  return stringify(value, (key, part: unknown) =>
    typeof part === 'string' && decimals.has(key) ? new LosslessNumber(part) : part,
  )!
}
