import { flag, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { ticksOfBars, timeframeRule } from './bars.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { wholeBars } from './cells.ts'
import { coverageToAsOf, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { comparable } from './rounding.ts'
import { resolveWindow, windowRules, windowStart, type WindowOptions } from './window.ts'

/** Options of `calculateNakedPocQuery`. */
export interface NakedPocOptions extends WindowOptions {
  /** The bars whose points of control are followed. */
  readonly timeframe: Timeframe
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Which edge of a bin names it. Default `floor`: the lower edge. */
  readonly rounding?: Rounding | undefined
  /** Those that were filled too. Default false. */
  readonly includeFilled?: boolean | undefined
}

/** A row of `calculateNakedPocQuery`. */
export interface NakedPoc extends Coverage {
  /** Open time of the bar. */
  readonly timestamp: number
  /** The name of the bar's bin of the largest volume, by the rule of the market profile. */
  readonly poc: number
  /** The volume in it. */
  readonly volume: number
  /** When the bar closes. */
  readonly knownAt: number
  /** When the first later bar closed whose range of bins holds it; null while it is naked. */
  readonly filledAt: number | null
}

/**
 * Points of control of closed bars that no later closed bar has traded through, oldest first. The
 * window says whose; every bar up to `asOf` can fill them. Authority: flowsurface.
 */
export function calculateNakedPocQuery(options: NakedPocOptions): Query<NakedPoc> {
  const name = 'calculateNakedPocQuery'
  const { timeframe, includeFilled, ...resolved } = resolveOptions(name, options, {
    ...windowRules,
    ...binRules,
    timeframe: timeframeRule,
    includeFilled: flag(false),
  })
  const window = resolveWindow(name, resolved, { asOf: 'now' })
  const until = { ...window, to: undefined }
  const grid = bins(resolved)
  const inside = [
    windowStart(window, 'bar'),
    window.to === undefined ? 'true' : `bar < make_timestamp(${window.to})`,
  ].join(' AND ')
  const order = '(abs(2 * bin - lowest - highest), bin)'
  const fields = (filledBar: string): string => `
    SELECT control.bar AS "timestamp", ${grid.label('control.poc')} AS "poc",
      control.volume AS "volume", ${barEnd(timeframe, 'control.bar')} AS "knownAt",
      ${filledBar} AS "filledAt",
      ${coverageToAsOf(window)}
    FROM control`
  const holds = 'later.bar > control.bar AND control.poc BETWEEN later.lowest AND later.highest'
  const stillNaked = `${fields('NULL::TIMESTAMP')}
    WHERE NOT EXISTS (FROM extent AS later WHERE ${holds})`
  const withFilling = `${fields(barEnd(timeframe, 'min(later.bar)'))}
    LEFT JOIN extent AS later ON ${holds} GROUP BY control.bar, control.poc, control.volume`
  return query(
    name,
    `WITH cell AS MATERIALIZED (
      SELECT ${barStart(timeframe)} AS bar, ${grid.index('price')} AS bin, sum(volume) AS volume
      FROM ticks WHERE ${ticksOfBars(until, timeframe)} GROUP BY ALL
    ), extent AS MATERIALIZED (
      SELECT bar, min(bin) AS lowest, max(bin) AS highest,
        ${comparable('max(volume)')} AS largest
      FROM cell WHERE ${wholeBars()} GROUP BY bar
    ), control AS (
      SELECT bar, arg_min(bin, ${order}) AS poc, arg_min(volume, ${order}) AS volume
      FROM cell JOIN extent USING (bar)
      WHERE ${comparable('volume')} = largest AND ${inside} GROUP BY bar
    )
    ${includeFilled ? withFilling : stillNaked}
    ORDER BY control.bar`,
    window.params,
  )
}
