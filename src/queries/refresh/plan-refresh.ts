import { candleRelation } from '../../schema/tables.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'
import { query, type Query } from '../query.ts'

/** The analytics that are kept, each in the table of its name. */
export const keptAnalytics = [
  'order_flow',
  'market_profile',
  'supply_demand_zones',
  'fair_value_gaps',
] as const

/** One thing that a refresh has to know of a file. Times in Unix µs. */
export interface RefreshFact {
  /**
   * `done`: a timeframe, up to when its `analytics` kept ones are processed, and from when on
   * something late changed. `tick`, `part`: the newest. `mark`: what retention deleted before.
   */
  readonly kind: 'done' | 'tick' | 'part' | 'mark'
  /** The timeframe, or the mark's relation. */
  readonly name: string | null
  readonly at: number | null
  readonly dirtyFrom: number | null
  readonly analytics: number
}

/** The bars of one timeframe that a refresh computes anew: `from <= open time < until`, in µs. */
export interface RefreshPass {
  readonly timeframe: Timeframe
  /** -Infinity: from the first bar that is stored. */
  readonly from: number
  readonly until: number
  /** What was processed before; bars from `from` to there are looked at a second time. */
  readonly processedUntil: number
  /** Retention's marks, by relation. */
  readonly marks: Readonly<Record<string, number>>
}

export interface RefreshPlan {
  readonly passes: readonly RefreshPass[]
  /** When the next bar closes that holds ticks or a candle, in Unix ms; null: all is processed. */
  readonly dueAt: number | null
}

/** All that a refresh with nothing to do costs. */
export const refreshFactsQuery: Query<RefreshFact> = query(
  'refreshFacts',
  `SELECT 'done' AS "kind", timeframe AS "name", epoch_us(min(processed_until)) AS "at",
    epoch_us(min(dirty_from)) AS "dirtyFrom", count(*) AS "analytics"
  FROM pairduck_analytics GROUP BY timeframe
  UNION ALL SELECT 'tick', NULL, epoch_us(max(timestamp)), NULL, 0 FROM ticks
  UNION ALL SELECT 'part', timeframe, epoch_us(max(timestamp)), NULL, 0
  FROM pairduck_candle_parts GROUP BY timeframe
  UNION ALL SELECT 'mark', relation, epoch_us(deleted_before), NULL, 0 FROM pairduck_marks`,
)

/**
 * What a refresh at `now` (Unix ms) has to do; pure. A timeframe is due when bars with new ticks
 * have closed, or when something late changed what was processed; then it begins at the bar of the
 * oldest change. Bars are processed once they are closed, and a `now` that went back undoes nothing.
 */
export function planRefresh(
  facts: readonly RefreshFact[],
  timeframes: readonly Timeframe[],
  nowMs: number,
): RefreshPlan {
  const newestTick = facts.find(({ kind }) => kind === 'tick')?.at ?? -Infinity
  let dueAt: number | null = null
  const passes = timeframes.flatMap((timeframe): RefreshPass[] => {
    const width = timeframeMs[timeframe] * 1000
    const barOf = (micros: number): number => Math.floor(micros / width) * width
    const of = (wanted: RefreshFact['kind']): RefreshFact | undefined =>
      facts.find(({ kind, name }) => kind === wanted && name === timeframe)
    const done = of('done')
    const known = done !== undefined && done.analytics >= keptAnalytics.length
    const processedUntil = known ? done.at! : -Infinity
    const dirtyFrom = (known ? done.dirtyFrom : null) ?? Infinity
    const newest = Math.max(newestTick, of('part')?.at ?? -Infinity)
    const until = Math.max(barOf(nowMs * 1000), processedUntil)
    if (newest >= until) dueAt = Math.min(dueAt ?? Infinity, (barOf(newest) + width) / 1000)
    const hasNew = newest >= processedUntil && until > processedUntil && newest > -Infinity
    if (!hasNew && dirtyFrom >= processedUntil) return []
    const from = Math.min(processedUntil, barOf(dirtyFrom))
    return [{ timeframe, from, until, processedUntil, marks: marksOf(facts, timeframe) }]
  })
  return { passes, dueAt }
}

/** A TIMESTAMP literal of Unix µs; -Infinity is before everything. */
export function timestampSql(micros: number): string {
  return Number.isFinite(micros) ? `make_timestamp(${micros})` : `'-infinity'::TIMESTAMP`
}

function marksOf(
  facts: readonly RefreshFact[],
  timeframe: Timeframe,
): Readonly<Record<string, number>> {
  const own = candleRelation(timeframe)
  const marks = facts
    .filter(({ kind, name }) => kind === 'mark' && (!name!.startsWith('candles_') || name === own))
    .map(({ name, at }): [string, number] => [name!, at!])
  return Object.fromEntries(marks)
}
