import type { Pair } from '../../pair.ts'
import { query, type Query } from '../../queries/query.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'

/** Decimals that the newest prices have, at most 10: what a price scale needs. */
export async function priceDecimals(store: MarketStore, pair: Pair): Promise<number> {
  const newest: Query<{ price: number }> = query(
    'newestPrices',
    `SELECT price FROM ticks ORDER BY timestamp DESC LIMIT 1000`,
  )
  const rows = await store.query(pair, newest)
  return Math.max(2, ...rows.map(({ price }) => decimals(price)))
}

function decimals(price: number): number {
  const [mantissa = '', exponent = '0'] = price.toExponential().split('e')
  const digits = mantissa.split('.')[1]?.length ?? 0
  return Math.min(10, Math.max(0, digits - Number(exponent)))
}

/** When the newest bar before a moment opens, in Unix ms; undefined: nothing is older. */
export async function newestBarBefore(
  store: MarketStore,
  pair: Pair,
  timeframe: Timeframe,
  before: number,
): Promise<number | undefined> {
  const newest: Query<{ at: number | null }> = query(
    'newestBefore',
    `SELECT max(timestamp) AS "at" FROM ticks WHERE timestamp < make_timestamp($before)`,
    { before: BigInt(Math.round(before * 1000)) },
  )
  const [row] = await store.query(pair, newest)
  if (row?.at === null || row === undefined) return undefined
  return Math.floor(row.at / timeframeMs[timeframe]) * timeframeMs[timeframe]
}
