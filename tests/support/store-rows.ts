import type { DatabaseManager, PairLike, Timeframe } from '../../src/index.ts'
import { query } from '../../src/queries/query.ts'
import type { StoredCandle, StoredTick } from '../../src/schema/rows.ts'
import { tickOrder } from '../../src/schema/tables.ts'

/** Every stored tick, in the one order. */
export function storedTicks(store: DatabaseManager, pair: PairLike): Promise<StoredTick[]> {
  return store.query(
    pair,
    query<StoredTick>(
      'storedTicks',
      `SELECT timestamp, price, volume, side, trade_id AS "tradeId" FROM ticks ORDER BY ${tickOrder}`,
    ),
  )
}

/** Every candle of a timeframe, in the order of time. */
export function storedCandles(
  store: DatabaseManager,
  pair: PairLike,
  timeframe: Timeframe,
): Promise<StoredCandle[]> {
  return store.query(
    pair,
    query<StoredCandle>(
      'storedCandles',
      `SELECT timestamp, open, high, low, close, volume, buy_volume AS "buyVolume",
              sell_volume AS "sellVolume", quote_volume AS "quoteVolume", trade_count AS "tradeCount"
       FROM candles_${timeframe} ORDER BY timestamp`,
    ),
  )
}
