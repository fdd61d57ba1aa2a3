import { candleViewSql } from './candles.ts'
import { createTableSql, tables, type TableName } from './tables.ts'
import type { Timeframe } from '../time.ts'

export const defaultCandles: readonly Timeframe[] = ['1m', '5m', '15m']

/** The statements that make an empty file a pair's file. */
export function createSchemaSql(candles: readonly Timeframe[] = defaultCandles): string[] {
  return [
    ...(Object.keys(tables) as TableName[]).map((table) => createTableSql(table)),
    `INSERT INTO pairduck_candle_state VALUES ('-infinity')`,
    ...candles.map((timeframe) => candleViewSql(timeframe)),
  ]
}
