import { PairduckError, shown } from '../errors.ts'
import type { Tick } from '../schema/rows.ts'
import type { CcxtNumber, CcxtTrade } from './ccxt-objects.ts'
import { tradeTimeMs } from './trade-time.ts'

/**
 * Ticks from ccxt's unified trades (`fetchTrades`, `watchTrades`), in the same order. Numbers may
 * be text (an exchange made with `number: String`). Times carry the microseconds of `datetime` or `info`
 * where there are any. ccxt's `side` of a public trade is the taker's. `INVALID_TICK` names the
 * index and field of a trade that is none.
 */
export function ticksFromCcxt(trades: readonly CcxtTrade[]): Tick[] {
  if (!Array.isArray(trades))
    throw new TypeError(`ticksFromCcxt: expected a list of ccxt's trades, got ${shown(trades)}`)
  return trades.map((trade: CcxtTrade, index) => tickOf(trade, index))
}

function tickOf(trade: CcxtTrade, index: number): Tick {
  if (typeof trade !== 'object' || trade === null)
    throw new TypeError(`ticksFromCcxt: trade ${index}: expected an object, got ${shown(trade)}`)
  const timestamp = tradeTimeMs(trade)
  if (timestamp === undefined) throw invalid(index, 'timestamp', trade.timestamp, 'is no time')
  const tick = {
    timestamp,
    price: positive(index, 'price', trade.price),
    volume: positive(index, 'amount', trade.amount),
    side: sideOf(index, trade.side),
  }
  const { id } = trade
  return id === undefined || id === null || id === '' ? tick : { ...tick, tradeId: String(id) }
}

function positive(index: number, field: string, value: CcxtNumber): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !(number > 0 && number < Infinity))
    throw invalid(index, field, value, 'is not a finite number above 0')
  return number
}

function sideOf(index: number, side: unknown): 'BUY' | 'SELL' {
  const upper = typeof side === 'string' ? side.toUpperCase() : side
  if (upper === 'BUY' || upper === 'SELL') return upper
  throw invalid(index, 'side', side, `is neither 'buy' nor 'sell'`)
}

function invalid(index: number, field: string, value: unknown, reason: string): PairduckError {
  return new PairduckError(
    'INVALID_TICK',
    `trade ${index} of ccxt: \`${field}\` ${shown(value)} ${reason}`,
    { index, field, value, reason },
  )
}
