import { candleViewSql } from './candles.ts'
import { migrations } from './migrations.ts'
import type { Timeframe } from '../time.ts'

export const defaultCandles: readonly Timeframe[] = ['1m', '5m', '15m']

/** The statements that make an empty file a pair's file of the newest version. */
export function createSchemaSql(candles: readonly Timeframe[] = defaultCandles): string[] {
  return [...migrations.flat(), ...candles.map((timeframe) => candleViewSql(timeframe))]
}
