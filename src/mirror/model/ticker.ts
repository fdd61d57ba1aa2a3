import { PairduckError, shown } from '../../errors.ts'
import { isNegative, isPositive } from './decimal.ts'
import type { DecimalInput, DecimalText } from './decimal.ts'
import { exactText } from './exact-text.ts'
import { payloadNames } from '../exchanges/payload-names.ts'
import { parseSymbol } from './symbol.ts'
import { isOrderedMs, orderedMsForm } from './time.ts'

/** A ticker as a source tells it; ccxt's unified ticker fits as it is (`last` is the price). */
export interface TickerInput {
  /** The market, such as `BTC/USDT`. */
  readonly symbol?: string | null | undefined
  /** In the quote currency. */
  readonly price?: DecimalInput | null | undefined
  /** Price of the last trade. */
  readonly last?: DecimalInput | null | undefined
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp?: number | null | undefined
  /** Highest price of the buy orders. */
  readonly bid?: DecimalInput | null | undefined
  /** Lowest price of the sell orders. */
  readonly ask?: DecimalInput | null | undefined
  /** Volume at the bid. */
  readonly bidVolume?: DecimalInput | null | undefined
  /** Volume at the ask. */
  readonly askVolume?: DecimalInput | null | undefined
  /** The exchange's own answer, untouched. */
  readonly info?: unknown
}

/** A mirrored ticker; what the source doesn't tell is null. */
export interface Ticker {
  /** The market, such as `BTC/USDT`. */
  readonly symbol: string
  /** In the quote currency. */
  readonly price: DecimalText
  /** Unix ms. */
  readonly timestamp: number
  /** Highest price of the buy orders, as decimal text. */
  readonly bid: DecimalText | null
  /** Lowest price of the sell orders, as decimal text. */
  readonly ask: DecimalText | null
  /** Volume at the bid. */
  readonly bidVolume: DecimalText | null
  /** Volume at the ask. */
  readonly askVolume: DecimalText | null
}

/** A ticker with the time that its exchange told; null when it told none. */
export interface TimedTicker extends Ticker {
  readonly exchangeMs: number | null
}

/** The hash fields that may be missing. */
export const optionalTickerFields = ['bid', 'ask', 'bidVolume', 'askVolume'] as const

/** Checks a ticker; one without a time is shown as of `nowMs`. Throws `INVALID_EVENT` naming the symbol and the field. */
export function readTicker(input: TickerInput, derivatives: boolean, nowMs: number): TimedTicker {
  if (typeof input !== 'object' || input === null) throw invalid({}, 'ticker', 'an object', input)
  const market = parseSymbol(input.symbol)
  if (market === undefined || (market.settle !== undefined && !derivatives))
    throw invalid(input, 'symbol', 'a symbol as BASE/QUOTE', input.symbol)
  const last = input.price ?? input.last
  const price = exactText(last ?? undefined, input.info, payloadNames.ticker.price)
  if (price === undefined || !isPositive(price))
    throw invalid(input, 'price', 'a decimal above zero', last)
  const timestamp = input.timestamp ?? nowMs
  if (input.timestamp !== undefined && input.timestamp !== null && !isOrderedMs(timestamp))
    throw invalid(input, 'timestamp', orderedMsForm, timestamp)
  const [bid, ask, bidVolume, askVolume] = optionalTickerFields.map((field) => part(input, field))
  return {
    symbol: input.symbol!,
    price,
    timestamp,
    exchangeMs: input.timestamp ?? null,
    bid: bid!,
    ask: ask!,
    bidVolume: bidVolume!,
    askVolume: askVolume!,
  }
}

function part(
  input: TickerInput,
  field: (typeof optionalTickerFields)[number],
): DecimalText | null {
  const value = input[field]
  if (value === undefined || value === null) return null
  const exact = exactText(value, input.info, payloadNames.ticker[field])
  if (exact === undefined || isNegative(exact))
    throw invalid(input, field, 'a decimal not below zero', value)
  return exact
}

function invalid(
  input: TickerInput,
  field: string,
  expected: string,
  value: unknown,
): PairduckError {
  return new PairduckError(
    'INVALID_EVENT',
    `ticker ${shown(input.symbol)}: expected \`${field}\` to be ${expected}, got ${shown(value)}`,
    { kind: 'ticker', symbol: input.symbol, field, value },
  )
}
