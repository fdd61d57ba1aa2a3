import { closedMark } from '../../schema/analytics-state.ts'
import { barEnd } from '../../schema/candles.ts'
import { filledPctSql, fvgLaterBars, fvgMiddle, gapsSql } from '../detect-fvg.ts'
import { laterBarsSql } from '../later-bars.ts'
import { keptComplete } from './mark-complete.ts'
import { timestampSql, type RefreshPass } from './plan-refresh.ts'
import { lastBlockSql, recomputedFromSql, refreshBars } from './refresh-bars.ts'

/**
 * Statements that bring `fair_value_gaps` up to date: gaps (classic, of any size) whose third bar
 * is new or changed are found anew, older ones that were not filled before go on from where they
 * were. Filled ones stay; deleting them is the cleanup's, and what it has deleted is not found again.
 */
export function refreshGapsSql(pass: RefreshPass): string[] {
  const { timeframe, processedUntil, marks } = pass
  const from = recomputedFromSql(pass, 2)
  const since = timestampSql(pass.from)
  const end = (column: string): string => barEnd(timeframe, column)
  const kept = (column: string, found: string): string =>
    `CASE WHEN ${column} <= ${since} THEN ${column} ELSE ${end(found)} END`
  const closed = Math.min(marks[closedMark('fair_value_gaps')] ?? -Infinity, processedUntil)
  return [
    `CREATE OR REPLACE TEMP TABLE pairduck_refreshed AS
    WITH ${gapsSql({
      bars: refreshBars,
      timeframe,
      definition: 'classic',
      minGap: 0,
      minGapUnit: 'price',
      atrPeriod: 14,
      requireAdjacent: false,
    })},
    stored AS (SELECT *, rowid AS stored_row FROM fair_value_gaps WHERE timeframe = '${timeframe}'),
    level AS (
      SELECT
        id, block, known_at, timestamp, bullish, price_low, price_high, ${fvgMiddle} AS middle,
        NULL::BIGINT AS stored_row, NULL::DOUBLE AS filled_pct, NULL::TIMESTAMP AS touched_at,
        NULL::TIMESTAMP AS mid_at, NULL::TIMESTAMP AS filled_at
      FROM gap
      WHERE known_at > ${from} AND timestamp >= ${timestampSql(marks['fair_value_gaps'] ?? -Infinity)}
        AND (known_at > ${timestampSql(closed)}
          OR (timestamp, bullish) IN (SELECT (timestamp, type = 'bullish') FROM stored))
      UNION ALL
      SELECT
        -1 - stored_row, ${lastBlockSql}, known_at, stored.timestamp, type = 'bullish', price_low,
        price_high, ${fvgMiddle}, stored_row, filled_pct, touched_at, mid_at, filled_at
      FROM stored ASOF LEFT JOIN bar ON bar.timestamp < stored.known_at
      WHERE known_at <= ${from} AND (filled_at IS NULL OR filled_at > ${since})
    ), ${laterBarsSql({ levels: 'level', bars: 'bar', ...fvgLaterBars, columns: [...fvgLaterBars.columns, ...storedColumns] })},
    moved AS (
      SELECT
        *, ${kept('touched_at', 'touched')} AS now_touched, ${kept('mid_at', 'mid')} AS now_mid,
        ${kept('filled_at', 'filled')} AS now_filled,
        greatest(${filledPctSql}, CASE
          WHEN touched_at <= ${since} AND known_at < (SELECT min(timestamp) FROM ${refreshBars})
          THEN filled_pct ELSE 0 END) AS now_pct
      FROM reached
    )
    SELECT
      stored_row, timestamp, '${timeframe}' AS timeframe,
      CASE WHEN bullish THEN 'bullish' ELSE 'bearish' END AS "type", price_low, price_high,
      now_pct AS filled_pct, known_at, now_touched AS touched_at, now_mid AS mid_at,
      now_filled AS filled_at
    FROM moved
    WHERE stored_row IS NULL
      OR (now_pct, now_touched, now_mid, now_filled)
        IS DISTINCT FROM (filled_pct, touched_at, mid_at, filled_at)`,
    `DELETE FROM fair_value_gaps
    WHERE timeframe = '${timeframe}'
      AND (known_at > ${from} OR rowid IN (SELECT stored_row FROM pairduck_refreshed))`,
    `INSERT INTO fair_value_gaps SELECT * EXCLUDE (stored_row), ${keptComplete('fair_value_gaps', timeframe)} FROM pairduck_refreshed`,
  ]
}

const storedColumns = ['stored_row', 'filled_pct', 'touched_at', 'mid_at', 'filled_at']
