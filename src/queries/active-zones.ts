import { flag, integer, oneOf, optional, resolveOptions } from '../options.ts'
import { microsFromMs, timeframes, type Timeframe } from '../time.ts'
import { query, type Query, type SqlValue } from './query.ts'
import type { ZoneRow } from '../schema/rows.ts'
import { windowRules } from './window.ts'

/** Options of `getActiveSupplyZonesQuery` and `getActiveDemandZonesQuery`. */
export interface ActiveZonesOptions {
  /** Default: of every timeframe. */
  readonly timeframe?: Timeframe | undefined
  /** Zones that a later bar has entered, too. Default true; broken ones never. */
  readonly includeTested?: boolean | undefined
  /** The strongest so many. Default 50. */
  readonly limit?: number | undefined
  /**
   * Unix ms: the zones known then, in the status of then, of those that are still stored: the
   * cleanup deletes broken ones. `detectZonesQuery({ asOf })` finds them all. Default: as stored.
   */
  readonly asOf?: number | undefined
}

/** The stored supply zones that are not broken, strongest first, newest first among equals. */
export function getActiveSupplyZonesQuery(options: ActiveZonesOptions = {}): Query<ZoneRow> {
  return activeZones('getActiveSupplyZonesQuery', 'supply', options)
}

/** The stored demand zones that are not broken, strongest first, newest first among equals. */
export function getActiveDemandZonesQuery(options: ActiveZonesOptions = {}): Query<ZoneRow> {
  return activeZones('getActiveDemandZonesQuery', 'demand', options)
}

function activeZones(
  name: string,
  type: ZoneRow['type'],
  options: ActiveZonesOptions,
): Query<ZoneRow> {
  const { timeframe, includeTested, limit, asOf } = resolveOptions(name, options, {
    timeframe: optional(oneOf(timeframes, '1m')),
    includeTested: flag(true),
    limit: integer(1, 100_000, 50),
    asOf: windowRules.asOf,
  })
  const params: Record<string, SqlValue> = {}
  if (asOf !== undefined) params['asOfMicros'] = BigInt(microsFromMs(asOf))
  // As stored the status speaks; as of a time it follows from when the zone was touched.
  const then = 'make_timestamp($asOfMicros)'
  const tested = asOf === undefined ? `status = 'tested'` : `coalesce(touched_at <= ${then}, false)`
  const unbroken =
    asOf === undefined
      ? `status <> 'broken'`
      : `known_at <= ${then} AND coalesce(broken_at > ${then}, true)`
  return query(
    name,
    `SELECT timestamp AS "timestamp", timeframe AS "timeframe", type AS "type",
      price_low AS "priceLow", price_high AS "priceHigh", strength AS "strength",
      if(${tested}, 'tested', 'active') AS "status", known_at AS "knownAt",
      if(${tested}, touched_at, NULL) AS "touchedAt", NULL::TIMESTAMP AS "brokenAt", complete AS "complete"
    FROM supply_demand_zones
    WHERE type = '${type}' AND ${unbroken}
      ${timeframe === undefined ? '' : `AND timeframe = '${timeframe}'`}
      ${includeTested ? '' : `AND NOT ${tested}`}
    ORDER BY supply_demand_zones.strength DESC, supply_demand_zones.timestamp DESC, supply_demand_zones.timeframe
    LIMIT ${limit}`,
    params,
  )
}
