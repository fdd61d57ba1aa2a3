import type { DuckDBConnection } from '@duckdb/node-api'
import type { Query } from '../../queries/query.ts'
import { anyBarsSql, asMade, usefulOrigins } from '../../schema/bar-sources.ts'
import { candlesSql, partColumns } from '../../schema/candles.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import { candleRelation } from '../../schema/tables.ts'
import type { Timeframe } from '../../time.ts'
import { readBarFacts } from '../duckdb/bar-sources.ts'
import { readRows } from '../duckdb/read-rows.ts'
import type { StoredBars, WarmBar } from './recent-bars.ts'

/**
 * The newest bars of a timeframe as they can be kept in memory; undefined where a tick does not
 * tell what becomes of them: bars that other candles than the timeframe's own have a part in, or
 * one that a repair closed with a candle without prices.
 */
export async function readBars(
  connection: DuckDBConnection,
  { timeframe, kept, count }: { timeframe: Timeframe; kept: readonly Timeframe[]; count: number },
): Promise<StoredBars | undefined> {
  const relation = candleRelation(timeframe)
  const facts = await readBarFacts(connection, { kept, made: timeframe })
  if (usefulOrigins(timeframe, facts).join() !== relation) return undefined
  const [closed] = await readRows(
    connection,
    `SELECT 1 AS closed FROM pairduck_candle_parts
     WHERE timeframe = '${timeframe}' AND given AND open IS NULL LIMIT 1`,
  )
  if (closed !== undefined) return undefined
  const newest = await readRows<WarmBar>(
    connection,
    `SELECT epoch_us(timestamp) AS "micros", ${candleFields},
       epoch_us(first_timestamp) AS "firstMicros", first_id AS "firstId",
       epoch_us(last_timestamp) AS "lastMicros", last_id AS "lastId", given AS "given"
     FROM (${asMade(candlesSql(timeframe, { columns: partColumns, newest: count }), relation, facts)})
     ORDER BY timestamp DESC LIMIT ${count}`,
  )
  const isWhole = newest.length < count
  const bars = newest.reverse()
  const from = isWhole ? (facts.marks.get(relation) ?? -Infinity) : bars[0]!.micros
  return { bars, from, isWhole }
}

/** The newest bars of a timeframe, the oldest of them first, asked of the file. */
export function lastCandlesQuery(timeframe: Timeframe, count: number): Query<StoredCandle> {
  return {
    name: 'lastCandles',
    sql: `SELECT timestamp AS "timestamp", ${candleFields}
      FROM (SELECT * FROM (${anyBarsSql(timeframe, { within: 'true', newest: count })}) ORDER BY timestamp DESC LIMIT ${count}) AS bar
      ORDER BY bar.timestamp`,
    params: {},
    bars: timeframe,
  }
}

const candleFields = `open AS "open", high AS "high", low AS "low", close AS "close",
  volume AS "volume", buy_volume AS "buyVolume", sell_volume AS "sellVolume",
  quote_volume AS "quoteVolume", trade_count AS "tradeCount"`
