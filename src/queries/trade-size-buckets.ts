import { shown } from '../errors.ts'
import { oneOf, optional, resolveOptions, rule } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import { timeframes, type Timeframe } from '../time.ts'
import { ticksOfBars } from './bars.ts'
import { rowCoverage, windowCoverage, windowSpan, type Coverage } from './coverage.ts'
import { sizeSql, type TradeSize } from './large-trades.ts'
import { query, type Query } from './query.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateTradeSizeBucketsQuery`. */
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

/** A row of `calculateTradeSizeBucketsQuery`. */
export interface TradeSizeBucket extends Coverage {
  /** Open time of the bar, Unix ms; null without `timeframe`. */
  readonly timestamp: number | null
  /**
   * When the bar closes; by quantile at the window's last trade at the earliest, for its bounds
   * need that. Null without `timeframe`.
   */
  readonly knownAt: number | null
  /** 0 for the smallest trades. */
  readonly bucket: number
  /** Sizes of the bucket: `sizeFrom <= size < sizeTo`; null for no end, or no trade to rank. */
  readonly sizeFrom: number | null
  /** Upper bound of the bucket's sizes, not included; null for the last bucket. */
  readonly sizeTo: number | null
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Bought less sold volume. */
  readonly delta: number
  /** Number of trades that takers bought. */
  readonly buyCount: number
  /** Number of trades that takers sold. */
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
 * empty ones with zeros; per bar when a `timeframe` is given, only bars with trades: those that
 * open inside the window, each of its whole time. Quantiles are taken over the whole window, or
 * over all of those bars. Ordered by time and bucket. Source: Bookmap's size buckets.
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
  const coverage =
    timeframe === undefined
      ? windowCoverage(window)
      : // By quantile, a bar's bounds are of the whole window.
        rowCoverage(window, {
          ...(bounds === undefined
            ? windowSpan(window)
            : { begin: 'bars.bar', end: barEnd(timeframe, 'bars.bar') }),
          askedFrom: 'bars.bar',
        })
  const size = sizeSql(resolved.measure)
  const ticks = timeframe === undefined ? ticksInWindow(window) : ticksOfBars(window, timeframe)
  const { buckets, bucketOf } =
    bounds === undefined ? rankedBuckets(size, ticks, quantiles) : givenBuckets(size, bounds)
  const bar = timeframe === undefined ? '' : `${barStart(timeframe)} AS bar,`
  const perBar =
    timeframe === undefined ? '' : 'CROSS JOIN (SELECT DISTINCT bar FROM traded) AS bars'
  return query(
    caller,
    `WITH buckets AS (${buckets}), traded AS (
      SELECT
        ${bar} ${bucketOf} AS bucket,
        sum(volume) FILTER (side = 'BUY') AS bought, sum(volume) FILTER (side = 'SELL') AS sold,
        count(*) FILTER (side = 'BUY') AS buys, count(*) FILTER (side = 'SELL') AS sells
      FROM ticks WHERE ${ticks} GROUP BY ${bar && 'bar,'} bucket
    )
    SELECT
      ${bar ? 'bars.bar' : 'NULL::TIMESTAMP'} AS "timestamp", buckets.bucket AS "bucket",
      ${timeframe ? `greatest(${barEnd(timeframe, 'bars.bar')}, buckets.known_at)` : 'NULL::TIMESTAMP'} AS "knownAt",
      size_from AS "sizeFrom", size_to AS "sizeTo",
      coalesce(bought, 0) AS "buyVolume", coalesce(sold, 0) AS "sellVolume",
      coalesce(bought, 0) - coalesce(sold, 0) AS "delta",
      coalesce(buys, 0) AS "buyCount", coalesce(sells, 0) AS "sellCount",
      ${coverage}
    FROM buckets ${perBar} LEFT JOIN traded
      ON traded.bucket = buckets.bucket ${bar && 'AND traded.bar = bars.bar'}
    ORDER BY ${bar && 'bars.bar,'} buckets.bucket`,
    window.params,
  )
}

interface Buckets {
  /** A SELECT of `bucket, size_from, size_to, known_at`: the last trade that decided the bounds. */
  readonly buckets: string
  /** The bucket of a tick. */
  readonly bucketOf: string
}

function givenBuckets(size: string, bounds: readonly number[]): Buckets {
  const edges = ['0::DOUBLE', ...bounds.map((bound) => double(bound)), 'NULL::DOUBLE']
  const rows = edges
    .slice(1)
    .map((to, bucket) => `(${bucket}, ${edges[bucket]}, ${to}, NULL::TIMESTAMP)`)
  return {
    buckets: `FROM (VALUES ${rows.join(', ')}) AS given(bucket, size_from, size_to, known_at)`,
    bucketOf: bucketSql(
      size,
      bounds.map((bound) => double(bound)),
    ),
  }
}

function rankedBuckets(size: string, ticks: string, quantiles: readonly number[]): Buckets {
  const shares = quantiles.map((share) => double(share)).join(', ')
  const ranked = `
    SELECT quantile_disc(${size}, [${shares}]) AS bounds, max(timestamp) AS known_at
    FROM ticks WHERE ${ticks}`
  return {
    buckets: `
      SELECT
        bucket, CASE WHEN bucket = 0 THEN 0 ELSE bounds[bucket] END::DOUBLE AS size_from,
        bounds[bucket + 1] AS size_to, known_at
      FROM (${ranked}), range(${quantiles.length + 1}) AS each(bucket)`,
    bucketOf: bucketSql(
      size,
      quantiles.map((_, at) => `(SELECT size_to FROM buckets WHERE bucket = ${at})`),
    ),
  }
}

function bucketSql(size: string, bounds: readonly string[]): string {
  const below = bounds.map((bound, at) => `WHEN ${size} < ${bound} THEN ${at}`)
  return `CASE ${below.join(' ')} ELSE ${bounds.length} END`
}

function double(value: number): string {
  return `${value.toExponential()}::DOUBLE`
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
