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

/** How far a file's analytics are, and what there is to go on with. Times in Unix µs. */
export interface RefreshState {
  readonly done: readonly {
    readonly timeframe: Timeframe
    readonly processedUntil: number
    readonly dirtyFrom: number | null
    readonly analytics: number
  }[]
  readonly newestTick: number | null
  readonly newestParts: readonly { readonly timeframe: Timeframe; readonly newest: number }[]
  readonly marks: readonly { readonly relation: string; readonly deletedBefore: number }[]
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

/** One row: {@link RefreshState}. It is all that a refresh with nothing to do costs. */
export const refreshStateQuery: Query<RefreshState> = query(
  'refreshState',
  `SELECT
    coalesce((
      SELECT list({
        timeframe: timeframe, processedUntil: processed, dirtyFrom: dirty, analytics: analytics })
      FROM (
        SELECT timeframe, epoch_us(min(processed_until)) AS processed,
          epoch_us(min(dirty_from)) AS dirty, count(*) AS analytics
        FROM pairduck_analytics GROUP BY timeframe)), []) AS "done",
    (SELECT epoch_us(max(timestamp)) FROM ticks) AS "newestTick",
    coalesce((
      SELECT list({ timeframe: timeframe, newest: newest })
      FROM (
        SELECT timeframe, epoch_us(max(timestamp)) AS newest
        FROM pairduck_candle_parts GROUP BY timeframe)), []) AS "newestParts",
    coalesce((
      SELECT list({ relation: relation, deletedBefore: epoch_us(deleted_before) })
      FROM pairduck_marks), []) AS "marks"`,
)

/**
 * What a refresh at `now` (Unix ms) has to do; pure. A timeframe is due when bars with new ticks
 * have closed, or when something late changed what was processed; then it begins at the bar of the
 * oldest change. Bars are processed once they are closed, and a `now` that went back undoes nothing.
 */
export function planRefresh(
  state: RefreshState,
  timeframes: readonly Timeframe[],
  nowMs: number,
): RefreshPlan {
  const marks = Object.fromEntries(
    state.marks.map(({ relation, deletedBefore }) => [relation, deletedBefore]),
  )
  let dueAt: number | null = null
  const passes = timeframes.flatMap((timeframe): RefreshPass[] => {
    const width = timeframeMs[timeframe] * 1000
    const barOf = (micros: number): number => Math.floor(micros / width) * width
    const done = state.done.find((each) => each.timeframe === timeframe)
    const known = done !== undefined && done.analytics >= keptAnalytics.length
    const processedUntil = known ? done.processedUntil : -Infinity
    const dirtyFrom = (known ? done.dirtyFrom : null) ?? Infinity
    const newestPart = state.newestParts.find((each) => each.timeframe === timeframe)?.newest
    const newest = Math.max(state.newestTick ?? -Infinity, newestPart ?? -Infinity)
    const until = Math.max(barOf(nowMs * 1000), processedUntil)
    if (newest >= until) dueAt = Math.min(dueAt ?? Infinity, (barOf(newest) + width) / 1000)
    const hasNew = newest >= processedUntil && until > processedUntil && newest > -Infinity
    if (!hasNew && dirtyFrom >= processedUntil) return []
    const from = Math.min(processedUntil, barOf(dirtyFrom))
    return [{ timeframe, from, until, processedUntil, marks: relevant(marks, timeframe) }]
  })
  return { passes, dueAt }
}

/** A TIMESTAMP literal of Unix µs; -Infinity is before everything. */
export function timestampSql(micros: number): string {
  return Number.isFinite(micros) ? `make_timestamp(${micros})` : `'-infinity'::TIMESTAMP`
}

function relevant(
  marks: Readonly<Record<string, number>>,
  timeframe: Timeframe,
): Readonly<Record<string, number>> {
  const own = candleRelation(timeframe)
  return Object.fromEntries(
    Object.entries(marks).filter(([name]) => !name.startsWith('candles_') || name === own),
  )
}
