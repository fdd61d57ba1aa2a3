import { PairduckError, shown } from '../../errors.ts'
import { earliestMs, latestMs } from '../../time.ts'
import type { Tick } from '../../schema/rows.ts'
import { unknownField } from '../../schema/row-fields.ts'
import { isRoundedId, meansNoId } from '../../schema/trade-id.ts'

/** Ticks by column: what `queryColumns` gives and `insertTicks` takes without making objects. */
export interface TickColumns {
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp: ArrayLike<number>
  /** In the quote currency. */
  readonly price: ArrayLike<number>
  /** In the base currency. */
  readonly volume: ArrayLike<number>
  /** The taker's side: `BUY` lifts the ask, `SELL` hits the bid. */
  readonly side: ArrayLike<'BUY' | 'SELL'>
  /** The exchange's ids of the trades. */
  readonly tradeId?: ArrayLike<string | null | undefined> | undefined
}

/** How many ticks a call holds; TypeError for what is neither rows nor columns. */
export function countOfTicks(ticks: readonly Tick[] | TickColumns): number {
  const length: unknown = Array.isArray(ticks)
    ? ticks.length
    : (ticks as Partial<TickColumns> | null)?.timestamp?.length
  if (typeof length !== 'number')
    throw new TypeError(`expected an array of ticks, or their columns, got ${shown(ticks)}`)
  return length
}

export const maxTradeIdLength = 128

/** Why a tick cannot be stored, or undefined when it can. */
export function tickFault(
  timestamp: unknown,
  price: unknown,
  volume: unknown,
  side: unknown,
  tradeId: unknown,
  latest: number,
): { field: keyof Tick; value: unknown; reason: string } | undefined {
  if (typeof timestamp !== 'number' || !(timestamp >= earliestMs && timestamp < latestMs))
    return {
      field: 'timestamp',
      value: timestamp,
      reason: 'is not a time from 2000 to 2100 in Unix ms',
    }
  if (timestamp > latest)
    return {
      field: 'timestamp',
      value: timestamp,
      reason: 'lies in the future by more than `maxFutureMs`',
    }
  if (typeof price !== 'number' || !(price > 0 && price < Infinity))
    return { field: 'price', value: price, reason: 'is not a finite number above 0' }
  if (typeof volume !== 'number' || !(volume > 0 && volume < Infinity))
    return { field: 'volume', value: volume, reason: 'is not a finite number above 0' }
  if (side !== 'BUY' && side !== 'SELL')
    return { field: 'side', value: side, reason: `is neither 'BUY' nor 'SELL'` }
  if (tradeId !== undefined && tradeId !== null) {
    const reason = tradeIdFault(tradeId)
    if (reason !== undefined) return { field: 'tradeId', value: tradeId, reason }
  }
  return undefined
}

/** A field of a tick that is none. */
export function refuseUnknownField(index: number, tick: object): void {
  const unknown = unknownField('ticks', tick)
  if (unknown === undefined) return
  const { field, reason } = unknown
  throw new PairduckError('INVALID_TICK', `tick ${index}: ${reason}${hintOf(tick)}`, {
    index,
    field,
  })
}

/** Throws INVALID_TICK, naming index, field and value; for ccxt's own objects also what helps. */
export function refuseTick(
  index: number,
  fault: NonNullable<ReturnType<typeof tickFault>>,
  given?: object,
): never {
  const hint = given === undefined ? '' : hintOf(given)
  throw new PairduckError(
    'INVALID_TICK',
    `tick ${index}: \`${fault.field}\` ${shown(fault.value)} ${fault.reason}${hint}`,
    { index, ...fault },
  )
}

function hintOf(given: object): string {
  return isCcxtTrade(given)
    ? `; this is a trade of ccxt: \`ticksFromCcxt(trades)\` from 'pairduck/ccxt' makes ticks of them`
    : ''
}

/** Of ccxt's unified trades all carry these, and no tick does. */
function isCcxtTrade(given: object): boolean {
  return 'amount' in given && ('datetime' in given || 'takerOrMaker' in given || 'info' in given)
}

/** Why a text is no trade's id, or undefined when it is one. */
export function tradeIdFault(value: unknown): string | undefined {
  if (!isTradeIdText(value))
    return `is not text of 1 to ${maxTradeIdLength} characters without control characters`
  // Nearly all ids begin with a digit and have none of the letters that matter here.
  if (!/^\d+$/.test(value)) {
    if (meansNoId(value)) return 'says that there is no id: leave `tradeId` out'
    if (isRoundedId(value))
      return 'is a rounded number, which may stand for several ids: give ids as text'
  }
  return undefined
}

function isTradeIdText(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxTradeIdLength)
    return false
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index)
    // Control characters cut C strings; lone surrogates would be stored as something else.
    if (unit < 0x20 || unit >= 0x7f)
      return unit > 0x9f && value.isWellFormed() && !/\p{Cc}/u.test(value)
  }
  return true
}
