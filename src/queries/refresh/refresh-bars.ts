import { candlesSql } from '../../schema/candles.ts'
import { candleRelation } from '../../schema/tables.ts'
import { timestampSql, type RefreshPass } from './plan-refresh.ts'

/** The bars that one pass reads, in a temporary table that its statements share. */
export const refreshBars = 'pairduck_refresh_bars'

/** Bars before the first new one that a zone may need: twenty volumes, and two bars after them. */
export const lookBackBars = 21

/**
 * Fills {@link refreshBars}: closed bars from the look-back on, and, where something late has to be
 * looked at again, from the oldest open gap on that had been entered before: how deep it was
 * entered can't be told apart by when, so all its bars are read again.
 */
export function refreshBarsSql(pass: RefreshPass): string {
  const { timeframe, from, until } = pass
  const start = timestampSql(from)
  const before = `
    SELECT if(count(*) = ${lookBackBars}, min(timestamp), '-infinity'::TIMESTAMP) FROM (
      SELECT DISTINCT timestamp FROM pairduck_candle_parts
      WHERE timeframe = '${timeframe}' AND timestamp < ${start}
      ORDER BY timestamp DESC LIMIT ${lookBackBars})`
  const entered = `
    SELECT min(known_at) FROM fair_value_gaps
    WHERE timeframe = '${timeframe}' AND touched_at <= ${start}
      AND (filled_at IS NULL OR filled_at > ${start})`
  const again = pass.from < pass.processedUntil
  const since = again ? `least((${before}), (${entered}))` : `(${before})`
  return `
    CREATE OR REPLACE TEMP TABLE ${refreshBars} AS
    SELECT *, row_number() OVER (ORDER BY timestamp) - 1 AS bar_number
    FROM (${candlesSql(timeframe, {
      within: Number.isFinite(from)
        ? `timestamp >= ${since} AND timestamp < ${timestampSql(until)}`
        : `timestamp < ${timestampSql(until)}`,
    })})`
}

/**
 * From when on a pass computes anew what needs `bars` bars before its own, as SQL. Where retention
 * has deleted candles, what needs deleted ones stays as it was found then.
 */
export function recomputedFromSql(pass: RefreshPass, bars: number): string {
  const { from, processedUntil, timeframe, marks } = pass
  const cut = marks[candleRelation(timeframe)] !== undefined
  if (from >= processedUntil || !cut) return timestampSql(from)
  return `least(${timestampSql(processedUntil)}, coalesce(
    (SELECT min(timestamp) FROM ${refreshBars}
     WHERE bar_number >= ${bars} AND timestamp >= ${timestampSql(from)}),
    ${timestampSql(processedUntil)}))`
}

/**
 * The block of the last bar that a stored gap or zone needed, where it is joined ASOF with `bar`;
 * -1 where that bar lies before the ones that are read.
 */
export const lastBlockSql = 'coalesce(bar.block, -1)'
