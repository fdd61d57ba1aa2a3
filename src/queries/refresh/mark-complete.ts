import { timeframeMs, type Timeframe } from '../../time.ts'
import { completeRowSql, type Span } from '../coverage.ts'
import { lookBackBars } from './refresh-bars.ts'
import { timestampSql, type keptAnalytics, type RefreshPass } from './plan-refresh.ts'

type Kept = (typeof keptAnalytics)[number]

/** Bars before its own that a row is computed from, and up to when later bars still change it. */
const spans: Readonly<Record<Kept, { readonly barsBefore: number; readonly end: string }>> = {
  order_flow: { barsBefore: 0, end: 'known_at' },
  market_profile: { barsBefore: 0, end: 'known_at' },
  supply_demand_zones: { barsBefore: lookBackBars, end: `coalesce(broken_at, 'infinity')` },
  fair_value_gaps: { barsBefore: 1, end: `coalesce(filled_at, 'infinity')` },
}

/** Whether no hole of the ledger reaches into what a row of a kept analytic was computed from. */
export function keptComplete(analytic: Kept, timeframe: Timeframe): string {
  return completeRowSql(spanOf(analytic, timeframe))
}

/**
 * Marks the rows that a pass left where they were: a hole that came or was filled since changes
 * what an older zone or gap is made of, too.
 */
export function markCompleteSql({ timeframe, from }: RefreshPass): string[] {
  return Object.entries(spans).map(([analytic, { end }]) => {
    const complete = keptComplete(analytic as Kept, timeframe)
    return `
    UPDATE ${analytic} SET complete = ${complete}
    WHERE timeframe = '${timeframe}' AND ${end} > ${timestampSql(from)}
      AND complete IS DISTINCT FROM ${complete}`
  })
}

function spanOf(analytic: Kept, timeframe: Timeframe): Span {
  const { barsBefore, end } = spans[analytic]
  const before = barsBefore * timeframeMs[timeframe]
  return { begin: `(timestamp - INTERVAL ${before} MILLISECOND)`, end }
}
