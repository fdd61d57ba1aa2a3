import type { Pair } from '../../pair.ts'
import { query, type Query } from '../../queries/query.ts'
import type { Source } from './udf-bars.ts'

/** Decimals that the newest prices have, at most 10: what a price scale needs. */
export async function priceDecimals({ store, signal }: Source, pair: Pair): Promise<number> {
  const newest: Query<{ price: number }> = query(
    'newestPrices',
    `SELECT price FROM ticks ORDER BY timestamp DESC LIMIT 1000`,
  )
  const rows = await store.query(pair, newest, { signal })
  return Math.max(2, ...rows.map(({ price }) => decimals(price)))
}

function decimals(price: number): number {
  const [mantissa = '', exponent = '0'] = price.toExponential().split('e')
  const digits = mantissa.split('.')[1]?.length ?? 0
  return Math.min(10, Math.max(0, digits - Number(exponent)))
}
