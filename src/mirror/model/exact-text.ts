import { decimalText, formatDecimal, parseDecimal } from './decimal.ts'
import type { DecimalText } from './decimal.ts'

/** How deep an exchange's payload is searched for the text behind a number. */
const maxDepth = 4

/**
 * The digits behind a value. Text is taken as it is; for a number, which has lost its trailing
 * zeros and perhaps more, the exchange's own payload (`info`) is asked: the text under one of
 * the field's usual names that has this value, else any text that has it, else the number's
 * shortest form. Undefined when the value is no decimal.
 */
export function exactText(
  value: unknown,
  info: unknown,
  names: readonly string[],
): DecimalText | undefined {
  if (typeof value !== 'number') return decimalText(value)
  return infoText(value, info, names) ?? decimalText(value)
}

/** {@link exactText}'s answer from the payload alone. */
export function infoText(
  value: number,
  info: unknown,
  names: readonly string[],
): DecimalText | undefined {
  if (!Number.isFinite(value) || typeof info !== 'object' || info === null) return undefined
  let named: DecimalText | undefined
  let namedRank = names.length
  const others = new Map<string, DecimalText>()
  visit(info, 0, (name, text) => {
    if (Number(text) !== value) return
    const rank = names.indexOf(name)
    if (rank >= 0 && rank < namedRank) {
      named = text
      namedRank = rank
    } else others.set(canonical(text), text)
  })
  // Two texts of different decimals round to this number: which one is meant can't be known.
  return named ?? (others.size === 1 ? [...others.values()][0] : undefined)
}

function visit(value: object, depth: number, found: (name: string, text: string) => void): void {
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string') {
      const text = decimalText(inner)
      if (text !== undefined) found(name, text)
    } else if (typeof inner === 'object' && inner !== null && depth < maxDepth)
      visit(inner as object, depth + 1, found)
  }
}

/** One form for all texts of the same decimal, so that `1.0` and `1.00` do not count as two. */
function canonical(text: DecimalText): string {
  let { coefficient, scale } = parseDecimal(text)
  while (scale > 0 && coefficient % 10n === 0n) {
    coefficient /= 10n
    scale -= 1
  }
  return formatDecimal({ coefficient, scale })
}
