import { oldestBeside, scansBeside, toldSql, type ToldByBars } from './delta-sources.ts'
import { forItsOldest } from './oldest-rows.ts'

/**
 * Sums over a window out of ticks, or out of the bars that lie in it as a whole and of the ticks beside
 * them, at its ends too. A text that asks for it reads ticks alone; {@link withWholeBars} puts bars into it.
 */
export interface WholeBars {
  /** A condition on `timestamp`: of bars that are in the window as a whole, and of their ticks. */
  readonly inner: string
  /** Conditions on `timestamp` that no tick fulfils twice: of the other ticks of the window. */
  readonly ends: readonly string[]
}

/** The length of the bars. */
export const wholeBarsOf = '1m'

/** Below this many stored ticks it takes longer to find out what bars tell than to add ticks up. */
export const fewTicks = 300_000

/** What stands for `ticks` in such a text. */
export function ticksBesideWholeBars({ inner, ends }: WholeBars): string {
  return `/*beside whole bars: ${[inner, ...ends].join(' | ')}*/ticks/*end*/`
}

/** What stands behind a SELECT of `buy_volume`, `sell_volume` and `trade_count` out of these ticks. */
export const orWholeBars = '/*or whole bars*/'

const besideWholeBars = /\/\*beside whole bars: ([^]*?)\*\/ticks\/\*end\*\//

/** Whether a text asks for it. */
export function asksForWholeBars(sql: string): boolean {
  return besideWholeBars.test(sql)
}

/** Such a text for a file whose bars tell so much. */
export function withWholeBars(sql: string, told: ToldByBars): string {
  const [, conditions] = besideWholeBars.exec(sql)!
  const [inner, ...ends] = conditions!.split(' | ')
  const scans = [
    ...scansBeside(told).map((scan) => `${scan} AND ${inner}`),
    ...ends.map((end) => `SELECT * FROM ticks WHERE ${end}`),
  ]
  return sql
    .replace(besideWholeBars, () => `(${scans.join(' UNION ALL ')})`)
    .replaceAll(forItsOldest('ticks'), () => oldestBeside(told))
    .replace(
      orWholeBars,
      () => `UNION ALL SELECT buy_volume, sell_volume, trade_count FROM pairduck_candle_parts
        WHERE ${toldSql(told)} AND ${inner}`,
    )
}
