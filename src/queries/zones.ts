import { flag, integer, number, oneOf, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import type { ZoneRow } from '../schema/rows.ts'
import {
  barRules,
  barsAsked,
  barsSql,
  resolveBars,
  type BarColumn,
  type BarOptions,
  type BarOriginColumn,
} from './bars.ts'
import { coverageToAsOf, type Coverage } from './coverage.ts'
import { blockSql, laterBarsSql, type LaterBars } from './later-bars.ts'
import { query, type Query } from './query.ts'
import { barsInWindow, resolveWindow, windowRules, type WindowOptions } from './window.ts'
import type { Timeframe } from '../time.ts'

/**
 * `fractal`: the middle bar's extreme lies beyond those of the two bars on either side. `atas`:
 * the extremes also rise, or fall, to it bar by bar.
 */
export type ZoneDefinition = 'fractal' | 'atas'

/** Options of `detectZonesQuery`. */
export interface DetectZonesOptions extends BarOptions, WindowOptions {
  /** Default `fractal`. */
  readonly definition?: ZoneDefinition | undefined
  /** `supply`, `demand` or, by default, `both`. */
  readonly type?: 'both' | 'supply' | 'demand' | undefined
  /** Bars in the moving average of the volume, the middle bar being the last. Default 20. */
  readonly volumeBars?: number | undefined
  /** The smallest strength; a zone's is always above 1. Default 0. */
  readonly minStrength?: number | undefined
  /** Gives zones that are broken, too. Default true. */
  readonly includeBroken?: boolean | undefined
}

/**
 * A zone and what later bars did to it. `touchedAt` is the close of the first that entered it,
 * `brokenAt` of the first that closed beyond its far edge. `knownAt` is the close of the second bar
 * after the middle one: nobody could know of the zone before, and bars up to it do not count. `source`
 * is the middle bar's.
 */
export interface DetectedZone extends Omit<ZoneRow, 'complete'>, Coverage, BarOriginColumn {}

const rules = {
  ...barRules,
  ...windowRules,
  definition: oneOf(['fractal', 'atas'], 'fractal'),
  type: oneOf(['both', 'supply', 'demand'], 'both'),
  volumeBars: integer(1, 10_000, 20),
  minStrength: number(0, Number.MAX_VALUE, 0),
  includeBroken: flag(true),
}

/**
 * Supply and demand zones: five-bar fractals whose middle bar traded more than its moving average.
 * Supply is from the middle bar's body up to its high, demand from its low up to its body. A zone
 * is active until a later bar enters it (tested) or closes beyond its far edge (broken).
 *
 * The window chooses zones by their middle bar; they are followed up to `asOf` (default: now), and
 * only bars closed by then are used. At the beginning of the data the average is of fewer bars.
 * Ordered by time, demand after supply. Source: ATAS VolumeSupResZones.
 */
export function detectZonesQuery(options: DetectZonesOptions): Query<DetectedZone> {
  const resolved = resolveOptions('detectZonesQuery', options, rules)
  const { timeframe, type, minStrength } = resolved
  const window = resolveWindow('detectZonesQuery', resolved, { asOf: 'now' })
  const bars = resolveBars(resolved)
  return query(
    'detectZonesQuery',
    `WITH stored AS (${barsSql(bars, window, 'true', zoneColumns)}),
    ${zonesSql({ ...resolved, bars: 'stored', passed: 'source' })},
    level AS (
      SELECT * FROM zone
      WHERE ${barsInWindow({ ...window, asOf: undefined }, timeframe)}
        AND ${type === 'both' ? 'true' : `supply = ${type === 'supply'}`}
        AND strength >= ${minStrength.toExponential()}::DOUBLE
    ), ${laterBarsSql({
      levels: 'level',
      bars: 'bar',
      ...zoneLaterBars,
      columns: [...zoneLaterBars.columns, 'source'],
    })}
    SELECT
      timestamp, '${timeframe}' AS "timeframe", CASE WHEN supply THEN 'supply' ELSE 'demand' END AS "type",
      price_low AS "priceLow", price_high AS "priceHigh", strength AS "strength",
      ${zoneStatusSql} AS "status", known_at AS "knownAt",
      ${barEnd(timeframe, 'touched')} AS "touchedAt", ${barEnd(timeframe, 'broken')} AS "brokenAt",
      ${coverageToAsOf(window, bars.relation)}, source AS "source"
    FROM reached
    WHERE ${resolved.includeBroken ? 'true' : 'broken IS NULL'}
    ORDER BY timestamp, supply DESC`,
    window.params,
    barsAsked(bars),
  )
}

const zoneColumns: readonly BarColumn[] = ['timestamp', 'open', 'high', 'low', 'close', 'volume']

/** What {@link laterBarsSql} asks of later bars on behalf of a zone. */
export const zoneLaterBars: Pick<LaterBars, 'columns' | 'extremes' | 'first'> = {
  columns: ['timestamp', 'supply', 'price_low', 'price_high', 'strength'],
  extremes: { low: 'min', high: 'max', lowest_close: 'min', highest_close: 'max' },
  first: {
    touched: `CASE WHEN level.supply THEN later.high >= level.price_low ELSE later.low <= level.price_high END`,
    broken: `CASE WHEN level.supply THEN later.highest_close > level.price_high ELSE later.lowest_close < level.price_low END`,
  },
}

/** From the columns of {@link zoneLaterBars}. */
export const zoneStatusSql = `CASE WHEN broken IS NOT NULL THEN 'broken' WHEN touched IS NOT NULL THEN 'tested' ELSE 'active' END`

interface ZoneRules {
  readonly bars: string
  readonly timeframe: Timeframe
  readonly definition: ZoneDefinition
  readonly volumeBars: number
  /** A column of the middle bar to be had of each zone. */
  readonly passed?: string
}

/**
 * CTEs `bar` (for {@link laterBarsSql}) and `zone`. A volume that beats its average by rounding
 * alone does not count: bars of one and the same volume are no zones, nor are those without any.
 */
export function zonesSql(rules: ZoneRules): string {
  const { bars, timeframe, definition, volumeBars } = rules
  const passed = rules.passed === undefined ? '' : `, ${rules.passed}`
  const fractal = (price: 'high' | 'low', beyond: '>' | '<'): string => {
    const around = [1, 2].flatMap((step) => [`lag(${price}, ${step})`, `lead(${price}, ${step})`])
    const [before, after, first, last] = around.map((neighbour) => `${neighbour} OVER in_order`)
    const nearest = [`${price} ${beyond} ${before}`, `${price} ${beyond} ${after}`]
    const farther =
      definition === 'atas'
        ? [`${before} ${beyond} ${first}`, `${after} ${beyond} ${last}`]
        : [`${price} ${beyond} ${first}`, `${price} ${beyond} ${last}`]
    return [...nearest, ...farther].join(' AND ')
  }
  return `
    bar AS (
      SELECT
        timestamp, open, high, low, close, close AS lowest_close, close AS highest_close,
        row_number() OVER in_order AS position, ${blockSql('position')} AS block,
        lead(timestamp, 2) OVER in_order AS last_timestamp,
        ${fractal('high', '>')} AS is_supply, ${fractal('low', '<')} AS is_demand,
        volume / nullif(avg(volume) OVER (in_order ROWS ${volumeBars - 1} PRECEDING), 0) AS strength${passed}
      FROM ${bars} WINDOW in_order AS (ORDER BY timestamp)
    ), zone AS (
      SELECT
        position * 2 - supply::INTEGER AS id, ${blockSql('position + 2')} AS block, timestamp, supply,
        CASE WHEN supply THEN greatest(open, close) ELSE low END AS price_low,
        CASE WHEN supply THEN high ELSE least(open, close) END AS price_high,
        strength, ${barEnd(timeframe, 'last_timestamp')} AS known_at${passed}
      FROM bar, (VALUES (true), (false)) AS side(supply)
      WHERE CASE WHEN supply THEN is_supply ELSE is_demand END AND strength > 1 + 1e-12::DOUBLE
    )`
}
