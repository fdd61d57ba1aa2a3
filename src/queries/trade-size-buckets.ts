import { shown } from '../errors.ts'
import { oneOf, optional, resolveOptions, rule } from '../options.ts'
import { barStart } from '../schema/tables.ts'
import { timeframes, type Timeframe } from '../time.ts'
import { coveredFromSql, truncatedSql, windowBegin, type Coverage } from './coverage.ts'
import { sizeSql, type TradeSize } from './large-trades.ts'
import { query, type Query } from './query.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

export interface TradeSizeBucketsOptions extends WindowOptions {
  /** Default `volume`. */
  readonly measure?: TradeSize | undefined
  /** Rising sizes at which a new bucket begins, at most 32. */
  readonly bounds?: readonly number[] | undefined
  /** Rising quantiles (nearest rank) of the window's sizes as bounds. Default 0.5, 0.9, 0.99. */
  readonly quantiles?: readonly number[] | undefined
  /** Buckets per bar instead of over the whole window. */
  readonly timeframe?: Timeframe | undefined
}

export interface TradeSizeBucket extends Coverage {
  /** Open time of the bar, Unix ms; null without `timeframe`. */
  readonly timestamp: number | null
  /** 0 for the smallest trades. */
  readonly bucket: number
  /** Sizes of the bucket: `sizeFrom <= size < sizeTo`; null for no end, or no trade to rank. */
  readonly sizeFrom: number | null
  readonly sizeTo: number | null
  readonly buyVolume: number
  readonly sellVolume: number
  readonly delta: number
  readonly buyCount: number
  readonly sellCount: number
}

const maxBounds = 32
const defaultQuantiles: readonly number[] = [0.5, 0.9, 0.99]
const rules = {
  ...windowRules,
  measure: oneOf(['volume', 'notional'], 'volume'),
  bounds: optional(rising('sizes above 0', (size) => size > 0)),
  quantiles: optional(rising('numbers from 0 to 1', (share) => share >= 0 && share <= 1)),
  timeframe: optional(oneOf(timeframes, '1m')),
}

/**
 * Who trades: volume and number of trades by their size, bought and sold. Every bucket is there,
 * empty ones with zeros; per bar when a `timeframe` is given, only bars with trades. Quantiles are
 * taken over the whole window. Ordered by time and bucket. Source: Bookmap's size buckets.
 */
export function calculateTradeSizeBucketsQuery(
  options: TradeSizeBucketsOptions = {},
): Query<TradeSizeBucket> {
  const caller = 'calculateTradeSizeBucketsQuery'
  const resolved = resolveOptions(caller, options, rules)
  const { bounds, quantiles = defaultQuantiles, timeframe } = resolved
  if (bounds !== undefined && resolved.quantiles !== undefined)
    throw new TypeError(`${caller}: give \`bounds\` (${shown(bounds)}) or \`quantiles\`, not both`)
  const window = resolveWindow(caller, resolved)
  const covered = coveredFromSql(window)
  const size = sizeSql(resolved.measure)
  const values = (bounds ?? quantiles).map((value) => `${value.toExponential()}::DOUBLE`).join(', ')
  const count = (bounds ?? quantiles).length
  const bucket = Array.from({ length: count }, (_, at) => `(size >= bounds[${at + 1}])::INTEGER`)
  const bar = timeframe === undefined ? 'NULL::TIMESTAMP' : barStart(timeframe)
  return query(
    caller,
    `WITH bound AS (
      SELECT ${bounds === undefined ? `quantile_disc(${size}, [${values}])` : `[${values}]`} AS bounds
      ${bounds === undefined ? `FROM ticks WHERE ${ticksInWindow(window)}` : ''}
    ), traded AS (
      SELECT
        bar, bucket,
        sum(volume) FILTER (side = 'BUY') AS bought, sum(volume) FILTER (side = 'SELL') AS sold,
        count(*) FILTER (side = 'BUY') AS buys, count(*) FILTER (side = 'SELL') AS sells
      FROM (
        SELECT ${bar} AS bar, ${bucket.join(' + ')} AS bucket, side, volume
        FROM (SELECT *, ${size} AS size FROM ticks WHERE ${ticksInWindow(window)}), bound
      ) GROUP BY bar, bucket
    ), asked AS (
      SELECT bar, bucket
      FROM (${timeframe === undefined ? 'SELECT NULL::TIMESTAMP AS bar' : 'SELECT DISTINCT bar FROM traded'}),
        range(${count + 1}) AS buckets(bucket)
    )
    SELECT
      asked.bar AS "timestamp", asked.bucket AS "bucket",
      CASE WHEN asked.bucket = 0 THEN 0 ELSE bounds[asked.bucket] END::DOUBLE AS "sizeFrom",
      bounds[asked.bucket + 1] AS "sizeTo",
      coalesce(bought, 0) AS "buyVolume", coalesce(sold, 0) AS "sellVolume",
      coalesce(bought, 0) - coalesce(sold, 0) AS "delta",
      coalesce(buys, 0) AS "buyCount", coalesce(sells, 0) AS "sellCount",
      ${covered} AS "coveredFrom", ${truncatedSql(windowBegin(window), covered)} AS "truncated"
    FROM asked CROSS JOIN bound
    LEFT JOIN traded ON traded.bucket = asked.bucket AND traded.bar IS NOT DISTINCT FROM asked.bar
    ORDER BY asked.bar, asked.bucket`,
    window.params,
  )
}

function rising(of: string, accepts: (value: number) => boolean) {
  return rule<readonly number[] | undefined>(
    `1 to ${maxBounds} rising ${of}`,
    (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= maxBounds &&
      value.every(
        (entry, at): boolean =>
          typeof entry === 'number' &&
          Number.isFinite(entry) &&
          accepts(entry) &&
          (at === 0 || entry > value[at - 1]),
      ),
    undefined,
  )
}
