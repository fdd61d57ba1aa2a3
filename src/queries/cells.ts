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
  return `
    SELECT ${barStart(timeframe)} AS bar, ${grid.index('price')} AS bin,
      sum(if(side = 'BUY', volume, 0)) AS buy_volume,
      sum(if(side = 'SELL', volume, 0)) AS sell_volume,
      count_if(side = 'BUY') AS buy_count, count_if(side = 'SELL') AS sell_count
    FROM ticks WHERE ${ticksOfBars(window, timeframe)} GROUP BY ALL`
}

/** The condition on bars that retention has not cut into; a detector looks at no others. */
export function wholeBars(): string {
  return `bar >= coalesce(${deletedBeforeSql('ticks')}, '-infinity'::TIMESTAMP)`
}
