import { PairduckError, shown } from '../../errors.ts'
import { isNegative, isPositive } from './decimal.ts'
import type { DecimalInput, DecimalText } from './decimal.ts'
import { exactText } from './exact-text.ts'
import { payloadNames } from '../exchanges/payload-names.ts'
import { parseSymbol } from './symbol.ts'

/** A ticker as a source tells it; ccxt's unified ticker fits as it is (`last` is the price). */
export interface TickerInput {
  readonly symbol?: string | null | undefined
  readonly price?: DecimalInput | null | undefined
  readonly last?: DecimalInput | null | undefined
  readonly timestamp?: number | null | undefined
  readonly bid?: DecimalInput | null | undefined
  readonly ask?: DecimalInput | null | undefined
  readonly bidVolume?: DecimalInput | null | undefined
  readonly askVolume?: DecimalInput | null | undefined
  readonly info?: unknown
}

/** A mirrored ticker; what the source doesn't tell is null. */
export interface Ticker {
  readonly symbol: string
  readonly price: DecimalText
  /** Unix ms. */
  readonly timestamp: number
  readonly bid: DecimalText | null
  readonly ask: DecimalText | null
  readonly bidVolume: DecimalText | null
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
  if (!Number.isInteger(timestamp) || timestamp <= 0)
    throw invalid(input, 'timestamp', 'Unix milliseconds', timestamp)
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
