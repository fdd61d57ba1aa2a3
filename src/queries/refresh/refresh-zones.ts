import { closedMark } from '../../schema/analytics-state.ts'
import { barEnd } from '../../schema/candles.ts'
import { laterBarsSql } from '../later-bars.ts'
import { zoneLaterBars, zonesSql } from '../zones.ts'
import { keptComplete } from './mark-complete.ts'
import { timestampSql, type RefreshPass } from './plan-refresh.ts'
import { lastBlockSql, lookBackBars, recomputedFromSql, refreshBars } from './refresh-bars.ts'

/**
 * Statements that bring `supply_demand_zones` up to date: zones (five-bar fractals, average of
 * twenty volumes) of which a bar is new or changed are found anew, older unbroken ones go on from
 * where they were. All are stored: the limit, and deleting broken ones, are the cleanup's.
 */
export function refreshZonesSql(pass: RefreshPass): string[] {
  const { timeframe, processedUntil, marks } = pass
  const from = recomputedFromSql(pass, lookBackBars)
  const since = timestampSql(pass.from)
  const kept = (column: string, found: string): string =>
    `CASE WHEN ${column} <= ${since} THEN ${column} ELSE ${barEnd(timeframe, found)} END`
  const closed = Math.min(marks[closedMark('supply_demand_zones')] ?? -Infinity, processedUntil)
  return [
    `CREATE OR REPLACE TEMP TABLE pairduck_refreshed AS
    WITH ${zonesSql({ bars: refreshBars, timeframe, definition: 'fractal', volumeBars: 20 })},
    stored AS (
      SELECT *, rowid AS stored_row, type = 'supply' AS supply
      FROM supply_demand_zones WHERE timeframe = '${timeframe}'
    ), level AS (
      SELECT
        id, block, known_at, timestamp, supply, price_low, price_high, strength,
        NULL::BIGINT AS stored_row, NULL::VARCHAR AS status, NULL::TIMESTAMP AS touched_at,
        NULL::TIMESTAMP AS broken_at
      FROM zone
      WHERE known_at > ${from}
        AND timestamp >= ${timestampSql(marks['supply_demand_zones'] ?? -Infinity)}
        AND (known_at > ${timestampSql(closed)}
          OR (timestamp, supply) IN (SELECT (timestamp, supply) FROM stored))
      UNION ALL
      SELECT
        -1 - stored_row, ${lastBlockSql}, known_at, stored.timestamp, supply, price_low, price_high,
        stored.strength, stored_row, status, touched_at, broken_at
      FROM stored ASOF LEFT JOIN bar ON bar.timestamp < stored.known_at
      WHERE known_at <= ${from} AND (broken_at IS NULL OR broken_at > ${since})
    ), ${laterBarsSql({ levels: 'level', bars: 'bar', ...zoneLaterBars, columns: [...zoneLaterBars.columns, ...storedColumns] })},
    moved AS (
      SELECT
        *, ${kept('touched_at', 'touched')} AS now_touched, ${kept('broken_at', 'broken')} AS now_broken
      FROM reached
    )
    SELECT
      stored_row, timestamp, '${timeframe}' AS timeframe,
      CASE WHEN supply THEN 'supply' ELSE 'demand' END AS "type", price_low, price_high, strength,
      CASE WHEN now_broken IS NOT NULL THEN 'broken' WHEN now_touched IS NOT NULL THEN 'tested'
        ELSE 'active' END AS status,
      known_at, now_touched AS touched_at, now_broken AS broken_at
    FROM moved
    WHERE stored_row IS NULL
      OR (now_touched, now_broken) IS DISTINCT FROM (touched_at, broken_at)`,
    `DELETE FROM supply_demand_zones
    WHERE timeframe = '${timeframe}'
      AND (known_at > ${from} OR rowid IN (SELECT stored_row FROM pairduck_refreshed))`,
    `INSERT INTO supply_demand_zones SELECT * EXCLUDE (stored_row), ${keptComplete('supply_demand_zones', timeframe)} FROM pairduck_refreshed`,
  ]
}

const storedColumns = ['stored_row', 'status', 'touched_at', 'broken_at']
