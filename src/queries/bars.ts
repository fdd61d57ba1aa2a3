import { oneOf, optional, required, type OptionRule } from '../options.ts'
import { candleColumns, partsFromTicks } from '../schema/candles.ts'
import { anyBarsSql, type BarOrigin } from '../schema/bar-sources.ts'
import { barStart, candleRelation } from '../schema/tables.ts'
import { timeframeMs, timeframes, type Timeframe } from '../time.ts'
import { deletedBeforeSql, type CoveredRelation } from './coverage.ts'
import { barsInWindow, closedBars, type ResolvedWindow } from './window.ts'

/** Where bars come from: the stored `candles_<timeframe>`, or the stored ticks. */
export type BarSource = 'candles' | 'ticks'

/** Which bars a builder reads. */
export interface BarOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /**
   * Default: what the file holds decides. Per bar it is the stored candle, or finer stored candles
   * folded exactly, or the ticks: whichever begins first, among equals the coarsest. Rows name it.
   */
  readonly source?: BarSource | undefined
}

/** A row that is made of bars says of which. */
export interface BarOriginColumn {
  /** What the bar is made of: `candles_<timeframe>`, folded where that is a finer one, or `ticks`. */
  readonly source: BarOrigin
}

export const timeframeRule: OptionRule<Timeframe> = required(oneOf(timeframes, '1m'))

/** The rules of {@link BarOptions}, to be spread into a builder's own. */
export const barRules: {
  readonly timeframe: OptionRule<Timeframe>
  readonly source: OptionRule<BarSource | undefined>
} = {
  timeframe: timeframeRule,
  source: optional(oneOf(['candles', 'ticks'], 'candles')),
}

export interface ResolvedBars {
  readonly timeframe: Timeframe
  /** Undefined: what the file holds decides. */
  readonly source: BarSource | undefined
  /** What the bars' coverage is that of. */
  readonly relation: CoveredRelation
}

export function resolveBars({ timeframe, source }: BarOptions): ResolvedBars {
  const relation =
    source === undefined
      ? { anyBarsOf: timeframe }
      : source === 'ticks'
        ? source
        : candleRelation(timeframe)
  return { timeframe, source, relation }
}

/** What a query says of its bars to who runs it: their length, where the file decides on the source. */
export function barsAsked({ timeframe, source }: ResolvedBars): Timeframe | undefined {
  return source === undefined ? timeframe : undefined
}

/**
 * A SELECT of bars, unordered: `timestamp` (open time), `open high low close volume buy_volume
 * sell_volume quote_volume trade_count`, and `source`. With `asOf` only bars closed by it. From ticks, bars that
 * retention has cut into are left out: half a bar has a high and a low that never were.
 * `where` narrows further; it speaks of bars (their `timestamp`). Asking for fewer columns is
 * cheaper, above all without the open and the close, which need the order of the ticks.
 */
export function barsSql(
  bars: ResolvedBars,
  window: ResolvedWindow,
  where = 'true',
  columns: readonly BarColumn[] = candleColumns,
): string {
  return selectBars(bars, { ...window, from: undefined, to: undefined }, { where, columns })
}

/** The same, of the bars that open inside the window alone; at least the `newest` so many of them. */
export function barsOfWindowSql(
  bars: ResolvedBars,
  window: ResolvedWindow,
  newest?: number,
): string {
  return selectBars(bars, window, { where: barsInWindow(window, bars.timeframe), newest })
}

/** The condition on ticks that belong to the bars of a window: never a part of a bar. */
export function ticksOfBars({ from, to, asOf }: ResolvedWindow, timeframe: Timeframe): string {
  const width = timeframeMs[timeframe] * 1000
  const opening = (micros: string): string =>
    `make_timestamp((${micros} + ${width - 1}) // ${width} * ${width})`
  const conditions = [
    from === undefined ? [] : [`timestamp >= ${opening(from)}`],
    to === undefined ? [] : [`timestamp < ${opening(to)}`],
    asOf === undefined ? [] : [`timestamp < make_timestamp(${asOf} // ${width} * ${width})`],
  ].flat()
  return conditions.length === 0 ? 'true' : conditions.join(' AND ')
}

export type BarColumn = (typeof candleColumns)[number]

function selectBars(
  bars: ResolvedBars,
  window: ResolvedWindow,
  {
    where,
    columns = candleColumns,
    newest,
  }: {
    readonly where: string
    readonly columns?: readonly BarColumn[] | undefined
    readonly newest?: number | undefined
  },
): string {
  const closed = closedBars(window, bars.timeframe)
  const ticks = ticksOfBars(window, bars.timeframe)
  const list = columns.join(', ')
  if (bars.source === undefined)
    return `SELECT ${list}, source FROM (${anyBarsSql(bars.timeframe, { within: ticks, newest })}) WHERE ${closed} AND ${where}`
  if (bars.source === 'candles') {
    const relation = candleRelation(bars.timeframe)
    return `SELECT ${list}, '${relation}' AS source FROM ${relation} WHERE ${closed} AND ${where}`
  }
  const folded = columns.every((column) => column in plainFolds)
    ? plainBars(bars.timeframe, ticks, columns)
    : partsFromTicks(bars.timeframe, 'ticks', ticks)
  return `
    SELECT ${list}, 'ticks' AS source FROM (${folded})
    WHERE timestamp >= coalesce(${deletedBeforeSql('ticks')}, '-infinity'::TIMESTAMP) AND ${where}`
}

/** What a bar's ticks tell in whatever order they are. */
const plainFolds: Readonly<Record<string, string>> = {
  timestamp: '',
  high: 'max(price)',
  low: 'min(price)',
  volume: 'sum(volume)',
}

function plainBars(timeframe: Timeframe, where: string, columns: readonly BarColumn[]): string {
  const folds = columns
    .filter((column) => column !== 'timestamp')
    .map((column) => `${plainFolds[column]} AS ${column}`)
  return `
    SELECT ${[`${barStart(timeframe)} AS timestamp`, ...folds].join(', ')}
    FROM ticks WHERE ${where} GROUP BY 1`
}
