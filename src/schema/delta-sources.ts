import { timeframeMs, timeframes, type Timeframe } from '../time.ts'
import { wholeMark } from './candles.ts'
import { finerTimeframes } from './bar-sources.ts'
import { forItsOldest } from './oldest-rows.ts'
import { reachSql, swingColumns } from './running-delta.ts'
import { barStart, candleRelation } from './tables.ts'

/**
 * The delta of bars out of ticks, or, where a file has them, out of closed bars and of the ticks beside
 * them. A text that asks for it reads ticks alone and so is right for every file; {@link withBars} puts
 * the bars into it.
 */
export interface DeltasAsked {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** Whether the highest and the lowest running delta are asked for. */
  readonly swing: boolean
}

/** What stands for `ticks` in a text in which bars may tell of a part of them. */
export function ticksBesideBars({ timeframe, swing }: DeltasAsked): string {
  return `/*beside bars of ${timeframe}${swing ? ' with swing' : ''}*/ticks/*end*/`
}

/** The open time of the bar of a tick, in such a text. */
export function barBesideBars(timeframe: Timeframe): string {
  return `/*bar*/${barStart(timeframe)}/*end*/`
}

/**
 * CTEs, the last of them `deltas`: a row per bar, out of a SELECT of `bar`, {@link deltaColumns} and
 * with swing its two columns by these ticks. `where` is a condition on `timestamp`, that of the ticks;
 * it has to hold for all of a bar or none.
 */
export function orOfBars(ofTicks: string, where: string): string {
  return `piece AS (
      SELECT *, 1 AS rank FROM (${ofTicks}) /*or bars where ${where}*/
    ), deltas AS (/*merged*/SELECT * FROM piece/*end*/)`
}

/** The columns of a bar's delta. */
export const deltaColumns = ['delta', 'buy_volume', 'sell_volume', 'trade_count'] as const

const besideBars = /\/\*beside bars of (\w+)( with swing)?\*\/ticks\/\*end\*\//
const barOfTick = /\/\*bar\*\/[^]*?\/\*end\*\//g
const merged = /\/\*merged\*\/[^]*?\/\*end\*\//
const barsInstead = /\/\*or bars where ([^]*?)\*\//

/** What a text asks for; undefined where bars cannot tell any of it. */
export function deltasAsked(sql: string): DeltasAsked | undefined {
  const [, name, swing] = besideBars.exec(sql) ?? []
  const timeframe = timeframes.find((each) => each === name)
  return timeframe === undefined ? undefined : { timeframe, swing: swing !== undefined }
}

/** The stored bars that tell of ticks; times in µs. */
export interface ToldByBars {
  /** Their length: that of the asked ones, or a finer one that they are made of. */
  readonly of: Timeframe
  readonly from: number
  /** Also in the middle of a bar: its row tells of the ticks before. */
  readonly until: number
  /** Bars among them that do not, as stretches [from, until) in order of time. */
  readonly except: readonly (readonly [from: number, until: number])[]
}

/** Stretches between bars that are read of ticks, at most: each is a scan of its own. */
const mostStretches = 8

/** As many bars that do not tell are looked for. */
const mostUnknown = 500

/** The timeframe of the bars that tell of asked ones, where a file keeps such. */
export function deltaSource(
  { timeframe }: DeltasAsked,
  kept: readonly Timeframe[],
): Timeframe | undefined {
  return finerTimeframes(timeframe).find((each) => kept.includes(each))
}

/** Gives what {@link toldByBars} takes: `kind` and `micros`, unknown bars the newest first. */
export function deltaFactsSql(source: Timeframe, { swing }: DeltasAsked): string {
  const marks = ['ticks', wholeMark, candleRelation(source)].map((relation) => `'${relation}'`)
  const from = `SELECT max(deleted_before) FROM pairduck_marks WHERE relation IN (${marks.join(', ')})`
  return `
    SELECT 'until' AS kind, epoch_us(merged_until) AS micros
    FROM pairduck_candle_state WHERE isfinite(merged_until) AND merged_until = rolled_until
    UNION ALL SELECT 'from', epoch_us(time) FROM (${from}) AS mark(time) WHERE isfinite(time)
    UNION ALL (
      SELECT 'unknown', epoch_us(timestamp) FROM pairduck_candle_parts
      WHERE timeframe = '${source}' AND ${swing ? 'max_delta IS NULL' : 'given'}
        AND timestamp >= coalesce((${from}), '-infinity'::TIMESTAMP)
      ORDER BY timestamp DESC LIMIT ${mostUnknown})`
}

/** A row of {@link deltaFactsSql}. */
export interface DeltaFact {
  readonly kind: 'until' | 'from' | 'unknown'
  readonly micros: number
}

/** Which bars of a file tell of their ticks: those whose ticks are all there, and that were not given. */
export function toldByBars(source: Timeframe, facts: readonly DeltaFact[]): ToldByBars | undefined {
  const width = timeframeMs[source] * 1000
  const startOf = (micros: number): number => Math.floor(micros / width) * width
  const of = (kind: DeltaFact['kind']): number[] =>
    facts.filter((fact) => fact.kind === kind).map(({ micros }) => micros)
  const [until = -Infinity] = of('until')
  const [begin = -Infinity] = of('from').map((micros) => startOf(micros + width - 1))
  const unknown = of('unknown')
  const stretches: [number, number][] = []
  // Before the oldest that were looked for there may be others.
  let from = unknown.length < mostUnknown ? begin : unknown.at(-1)! + width
  for (const bar of unknown.filter((each) => each >= from && each < until)) {
    const newer = stretches.at(-1)
    if (newer !== undefined && bar >= newer[0] - width) newer[0] = bar
    else if (stretches.length < mostStretches) stretches.push([bar, Math.min(bar + width, until)])
    else {
      from = bar + width
      break
    }
  }
  return from < until ? { of: source, from, until, except: stretches.toReversed() } : undefined
}

/** Such a text for a file whose bars tell so much: bars and ticks make pieces, of which each bar is merged. */
export function withBars(sql: string, { timeframe, swing }: DeltasAsked, told: ToldByBars): string {
  return sql
    .replace(besideBars, () => `(${scansBeside(told).join(' UNION ALL ')})`)
    .replaceAll(barOfTick, () => barStart(told.of))
    .replace(merged, () => mergedSql(timeframe, swing))
    .replaceAll(forItsOldest('ticks'), () => oldestBeside(told))
    .replace(
      barsInstead,
      (_whole, where: string) => `UNION ALL SELECT
        timestamp AS bar, buy_volume - sell_volume AS delta, buy_volume, sell_volume, trade_count,
        ${swing ? `${swingColumns.join(', ')},` : ''} 0 AS rank
      FROM pairduck_candle_parts WHERE ${toldSql(told)} AND ${where}`,
    )
}

/** SELECTs of the ticks of which bars do not tell; of one with all of these times the engine skips none. */
export function scansBeside({ from, until, except }: ToldByBars): string[] {
  const stretches = [[-Infinity, from], ...except, [until, Infinity]] as const
  return stretches
    .filter((stretch) => stretch[0] < stretch[1])
    .map((stretch) => `SELECT * FROM ticks WHERE ${within(stretch)}`)
}

/** What gives the oldest tick, which bars tell too: the engine would look at all of them for it. */
export function oldestBeside(told: ToldByBars): string {
  const ticks = scansBeside(told).map((scan) => `SELECT timestamp FROM (${scan})`)
  const bars = `SELECT first_timestamp AS timestamp FROM pairduck_candle_parts WHERE ${toldSql(told)}`
  return `(${[...ticks, bars].join(' UNION ALL ')})`
}

/** The condition on stored bars: those that tell of ticks. */
export function toldSql({ of, from, until, except }: ToldByBars): string {
  const others = except.map((stretch) => ` AND NOT (${within(stretch)})`)
  return `timeframe = '${of}' AND ${within([from, until])}${others.join('')}`
}

function mergedSql(timeframe: Timeframe, swing: boolean): string {
  const bar = barStart(timeframe, 'bar')
  const sums = `sum(delta) AS delta, sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume,
        sum(trade_count)::BIGINT AS trade_count`
  if (!swing) return `SELECT ${bar} AS bar, ${sums} FROM piece GROUP BY 1`
  const { highest, lowest } = reachSql('sum(delta)')
  return `
      SELECT ${bar} AS bar, ${sums},
        ${highest} AS max_delta, ${lowest} AS min_delta
      FROM (SELECT *, coalesce(sum(delta) OVER (
        PARTITION BY ${bar} ORDER BY bar, rank ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS base
        FROM piece)
      GROUP BY 1`
}

function within([from, until]: readonly [from: number, until: number]): string {
  const conditions = [
    ...(from === -Infinity ? [] : [`timestamp >= make_timestamp(${from})`]),
    ...(until === Infinity ? [] : [`timestamp < make_timestamp(${until})`]),
  ]
  return conditions.length === 0 ? 'true' : conditions.join(' AND ')
}
