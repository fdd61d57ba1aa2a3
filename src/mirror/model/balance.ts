import { PairduckError, shown } from '../../errors.ts'
import { asObject } from './checked-source.ts'
import { addText, compareText, isNegative, subtractText } from './decimal.ts'
import type { DecimalInput, DecimalText } from './decimal.ts'
import { exactText } from './exact-text.ts'
import { payloadNames } from '../exchanges/payload-names.ts'
import { assetForm, isAsset } from './symbol.ts'
import { isOrderedMs, orderedMsForm } from './time.ts'

/** What an account holds of one asset. Two of the three are enough; the third follows. */
export interface BalanceInput {
  /** The asset, such as `BTC`. */
  readonly asset: string
  /** What can be used. */
  readonly free?: DecimalInput | null | undefined
  /** What open orders hold. */
  readonly used?: DecimalInput | null | undefined
  /** `free` + `used`. */
  readonly total?: DecimalInput | null | undefined
  /** When it was so, Unix ms; an older one than what is known changes nothing. */
  readonly timestamp?: number | null | undefined
  /** The part of the exchange's payload about this asset. */
  readonly info?: unknown
}

/** A mirrored balance. */
export interface Balance {
  /** The asset, such as `BTC`. */
  readonly asset: string
  /** What can be used, as decimal text. */
  readonly free: DecimalText
  /** What open orders hold, as decimal text. */
  readonly used: DecimalText
  /** `free` + `used`, as decimal text. */
  readonly total: DecimalText
}

/** A balance with the time at which it was so; null when the source doesn't tell. */
export interface TimedBalance extends Balance {
  readonly timestamp: number | null
}

/**
 * Checks one asset's balance. Throws `INVALID_EVENT` when fewer than two of free, used and total
 * are known: that is how a balance change looks, and a change is never added to what is known,
 * because nobody can say whether it is in there already.
 */
export function readBalance(input: BalanceInput): TimedBalance {
  if (typeof input !== 'object' || input === null) throw invalid({}, 'balance', 'an object', input)
  if (!isAsset(input.asset)) throw invalid(input, 'asset', assetForm, input.asset)
  const free = part(input, 'free')
  const used = part(input, 'used')
  const total = part(input, 'total')
  const timestamp = input.timestamp ?? null
  // One in microseconds would come after all that is told from then on.
  if (timestamp !== null && !isOrderedMs(timestamp))
    throw invalid(input, 'timestamp', orderedMsForm, timestamp)
  const { asset } = input
  if (free !== undefined && used !== undefined)
    return { asset, free, used, total: addText(free, used), timestamp }
  if (total !== undefined && free !== undefined)
    return { asset, free, used: subtractText(total, free), total, timestamp }
  if (total !== undefined && used !== undefined)
    return { asset, free: subtractText(total, used), used, total, timestamp }
  throw invalid(input, 'free', 'told together with `used` or `total` (a snapshot)', input.free)
}

/** The assets that balances name; undefined where one names none, which may be of any asset. */
export function namedAssets(balances: readonly BalanceInput[]): ReadonlySet<string> | undefined {
  const names = balances.map((balance): unknown => asObject(balance).asset)
  return names.every((name) => typeof name === 'string') ? new Set(names) : undefined
}

/** Whether two balances are the same amounts, however many zeros they end in. */
export function sameBalance(a: Balance | undefined, b: Balance): boolean {
  return (
    a !== undefined &&
    compareText(a.free, b.free) === 0 &&
    compareText(a.used, b.used) === 0 &&
    compareText(a.total, b.total) === 0
  )
}

function part(input: BalanceInput, field: 'free' | 'used' | 'total'): DecimalText | undefined {
  const value = input[field]
  if (value === undefined || value === null) return undefined
  const told = exactText(value, input.info, payloadNames.balance[field])
  // A margin account may owe; what is in orders may not be negative.
  if (told === undefined || (field === 'used' && isNegative(told)))
    throw invalid(input, field, 'a decimal', value)
  return told
}

function invalid(
  input: Partial<BalanceInput>,
  field: string,
  expected: string,
  value: unknown,
): PairduckError {
  return new PairduckError(
    'INVALID_EVENT',
    `balance of ${shown(input.asset)}: expected \`${field}\` to be ${expected}, got ${shown(value)}`,
    { kind: 'balance', asset: input.asset, field, value },
  )
}
