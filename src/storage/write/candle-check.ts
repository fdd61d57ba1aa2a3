import type { DuckDBConnection } from '@duckdb/node-api'
import { barStart, candleRelation } from '../../schema/tables.ts'
import { wholeFromSql } from '../../schema/unknown-swings.ts'
import type { Timeframe } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'

/**
 * Says where candles do not tell of as many trades as the ticks of their bars: of bars whose ticks
 * are all stored, and for which no candle was given.
 */
export async function wrongCandles(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
): Promise<string[]> {
  const problems: string[] = []
  for (const timeframe of candles) {
    const relation = candleRelation(timeframe)
    const [found] = await readRows<{ wrong: number }>(
      connection,
      `WITH told AS (
         SELECT ${barStart(timeframe)} AS timestamp, count(*) AS trades FROM ticks GROUP BY 1
       )
       SELECT count(*) AS wrong
       FROM told FULL JOIN ${relation} AS candle USING (timestamp)
       WHERE trades IS DISTINCT FROM trade_count
         AND timestamp >= ${wholeFromSql}
         AND timestamp >= coalesce((SELECT deleted_before FROM pairduck_marks
           WHERE relation = '${relation}'), '-infinity'::TIMESTAMP)
         AND timestamp NOT IN (SELECT timestamp FROM pairduck_candle_parts
           WHERE timeframe = '${timeframe}' AND given)`,
    )
    const { wrong } = found!
    if (wrong > 0)
      problems.push(`${relation}: ${wrong} candles do not fit the ticks that they are made of`)
  }
  return problems
}
