import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { ticksOfBars } from './bars.ts'
import type { Bins } from './bins.ts'
import { deletedBeforeSql } from './coverage.ts'
import type { ResolvedWindow } from './window.ts'

/**
 * A SELECT of footprint cells: per bar and bin with trades `bar` (open time), `bin` (number),
 * `buy_volume sell_volume buy_count sell_count`. Of the bars that open inside the window; with
 * `asOf` of those closed by it.
 */
export function cellsSql(
  { timeframe, grid }: { timeframe: Timeframe; grid: Bins },
  window: ResolvedWindow,
): string {
  return bothSides(
    `${barStart(timeframe)} AS bar, ${grid.index('price')} AS bin`,
    ticksOfBars(window, timeframe),
  )
}

/**
 * `buy_volume sell_volume buy_count sell_count` of ticks by the given keys. Grouping by side first
 * and setting the sides beside each other then, over few rows, is nearly twice as fast as asking
 * every tick for its side in every sum.
 */
export function bothSides(keys: string, where: string): string {
  return `
    SELECT * EXCLUDE (side, volume, trades),
      sum(if(side = 'BUY', volume, 0)) AS buy_volume,
      sum(if(side = 'SELL', volume, 0)) AS sell_volume,
      sum(if(side = 'BUY', trades, 0))::BIGINT AS buy_count,
      sum(if(side = 'SELL', trades, 0))::BIGINT AS sell_count
    FROM (
      SELECT ${keys}, side, sum(volume) AS volume, count(*) AS trades
      FROM ticks WHERE ${where} GROUP BY ALL
    ) GROUP BY ALL`
}

/** The condition on bars that retention has not cut into; a detector looks at no others. */
export function wholeBars(): string {
  return `bar >= coalesce(${deletedBeforeSql('ticks')}, '-infinity'::TIMESTAMP)`
}
