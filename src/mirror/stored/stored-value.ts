import { setImmediate } from 'node:timers/promises'
import { parse } from 'lossless-json'
import { PairduckError } from '../../errors.ts'
import { decimalText, isDecimalText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { YieldTimer } from './yield-timer.ts'

const long = 256

/** The fields of a stored JSON object: numbers as decimal text. Throws when it is none. */
export function storedFields(json: string): Record<string, unknown> {
  const value: unknown = parse(json, undefined, exactNumber)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('expected a JSON object')
  return value as Record<string, unknown>
}

/** A stored decimal; throws when it is none: calculating with it would throw later. */
export function storedDecimal(value: unknown, field: string): DecimalText {
  if (typeof value !== 'string' || !isDecimalText(value))
    throw new SyntaxError(`expected ${field} to be a decimal`)
  return value
}

/** What a value holds; undefined where it can't be read. */
export function readable<T>(json: string, decode: (json: string) => T): T | undefined {
  try {
    return decode(json)
  } catch {
    // Somebody else wrote there: one damaged value must not stop what has to do with others.
    return undefined
  }
}

/**
 * What the values hold, those that can't be read and those that aren't there passed over. However
 * many there are, other work gets its turn of the event loop in between.
 */
export async function allReadable<T extends object>(
  values: readonly (string | null)[],
  decode: (json: string) => T,
): Promise<T[]> {
  const found: T[] = []
  // A long reply has cost the client a turn already.
  if (values.length >= long) await setImmediate()
  const yields = new YieldTimer()
  for (const json of values) {
    const value = json === null ? undefined : readable(json, decode)
    if (value !== undefined) found.push(value)
    const pause = yields.step()
    if (pause !== undefined) await pause
  }
  return found
}

/** The error of a reader that asked for just the value that can't be read. */
export function unreadable(key: string, id: string, cause: unknown): PairduckError {
  return new PairduckError(
    'VALKEY_WRONG_TYPE',
    `key ${key} holds something for ${id} that is not the mirror's and can't be read`,
    { key, id, cause },
  )
}

/** A number token as decimal text; a float's exponent, which MockExchange may write, is undone. */
function exactNumber(token: string): string {
  return isDecimalText(token) ? token : (decimalText(Number(token)) ?? token)
}
