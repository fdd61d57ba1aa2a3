import type { PairLike } from '../pair.ts'
import { getCandlesQuery } from '../queries/candles.ts'
import type { Query } from '../queries/query.ts'
import type { StoredCandle } from '../schema/rows.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import { timeframeMs, type Timeframe } from '../time.ts'

/** Options of `replay`. */
export interface ReplayOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** Unix ms: the first bar's open time; `to` is the first moment after the last bar. */
  readonly from: number
  /** Unix ms: the first moment that does not count. */
  readonly to: number
}

/** A bar of the past at the moment at which it closed. */
export interface ReplayedBar {
  /** The candle as it is stored. */
  readonly candle: StoredCandle
  /** Unix ms: the bar's end; nothing later was known then. */
  readonly asOf: number
  /**
   * Runs a query as of this moment: the builder's options get `asOf`, and with `lookbackMinutes`
   * also `now`. With a window of a fixed length each bar costs the same, however far the replay is.
   */
  readonly query: <Row, Options extends object>(
    builder: (options: Options) => Query<Row>,
    options: Options,
  ) => Promise<Row[]>
}

/** Bars that are read at once. */
const pageBars = 1_000

/**
 * The stored bars of a pair in the order of time, for strategies that are tried on the past. Reading
 * costs linear time over the whole replay; nothing that a bar's `query` sees is later than the bar.
 */
export async function* replay(
  db: DatabaseManager,
  pair: PairLike,
  { timeframe, from, to }: ReplayOptions,
): AsyncGenerator<ReplayedBar, void, undefined> {
  const width = timeframeMs[timeframe]
  for (let page = from; page < to; page += pageBars * width) {
    const end = Math.min(to, page + pageBars * width)
    for (const candle of await db.query(pair, getCandlesQuery({ timeframe, from: page, to: end })))
      yield barOf(db, pair, candle, candle.timestamp + width)
  }
}

function barOf(
  db: DatabaseManager,
  pair: PairLike,
  candle: StoredCandle,
  asOf: number,
): ReplayedBar {
  return {
    candle,
    asOf,
    query: (builder, options) => {
      const now = 'lookbackMinutes' in options ? { now: asOf } : {}
      return db.query(pair, builder({ ...options, ...now, asOf }))
    },
  }
}
