import { oneOf, required, resolveOptions, timeRule } from '../../options.ts'
import type { PairLike } from '../../pair.ts'
import { getCandlesQuery } from '../../queries/candles.ts'
import { getRecentTicksQuery } from '../../queries/recent-ticks.ts'
import type { Query } from '../../queries/query.ts'
import type { StoredCandle, StoredTick } from '../../schema/rows.ts'
import { timeframeMs, timeframes, type Timeframe } from '../../time.ts'

/** The part of a store that reading uses. */
export interface QuerySource {
  /** Runs a query on one pair; rows as objects. */
  query<Row>(pair: PairLike, query: Query<Row>): Promise<Row[]>
}

/** Options of `replay`. */
export interface ReplayOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** Unix ms: the first bar's open time; `to` is the first moment after the last bar. */
  readonly from: number
  /** Unix ms: the first moment that does not count. */
  readonly to: number
}

/** A moment of the past, at which only what came before it is known. */
export interface ReplayedMoment {
  /** Unix ms: nothing from here on was known. */
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

/** A bar of the past at the moment at which it closed. */
export interface ReplayedBar extends ReplayedMoment {
  /** The candle as it is stored. */
  readonly candle: StoredCandle
}

/** A tick of the past, known together with all others of its microsecond. */
export interface ReplayedTick extends ReplayedMoment {
  /** The tick as it is stored. */
  readonly tick: StoredTick
}

const spanRules = { from: required(timeRule), to: required(timeRule) }
const barRules = { timeframe: required(oneOf(timeframes, '1m')), ...spanRules }

/** Bars that are read at once. */
const pageBars = 1_000

/**
 * The stored bars of a pair in the order of time, for strategies that are tried on the past. Reading
 * costs linear time over the whole replay; nothing that a bar's `query` sees is later than the bar.
 */
export function replay(
  db: QuerySource,
  pair: PairLike,
  options: ReplayOptions,
): AsyncGenerator<ReplayedBar, void, undefined> {
  return replayedBars(db, pair, resolveOptions('replay', options, barRules))
}

async function* replayedBars(
  db: QuerySource,
  pair: PairLike,
  { timeframe, from, to }: ReplayOptions,
): AsyncGenerator<ReplayedBar, void, undefined> {
  const width = timeframeMs[timeframe]
  for (let page = from; page < to; page += pageBars * width) {
    const end = Math.min(to, page + pageBars * width)
    for (const candle of await db.query(pair, getCandlesQuery({ timeframe, from: page, to: end })))
      yield { candle, ...momentOf(db, pair, candle.timestamp + width) }
  }
}

/** Ticks are read so much time at once, or less where that holds more of them than {@link pageTicks}. */
const longestPageMs = 600_000
const pageTicks = 50_000
const microsecondMs = 0.001

/**
 * The stored ticks of a pair in their order, each with what was known when it had come, itself and
 * the others of its microsecond included. Reading costs linear time.
 */
export function replayTicks(
  db: QuerySource,
  pair: PairLike,
  options: Omit<ReplayOptions, 'timeframe'>,
): AsyncGenerator<ReplayedTick, void, undefined> {
  return replayedTicks(db, pair, resolveOptions('replayTicks', options, spanRules))
}

async function* replayedTicks(
  db: QuerySource,
  pair: PairLike,
  { from, to }: Omit<ReplayOptions, 'timeframe'>,
): AsyncGenerator<ReplayedTick, void, undefined> {
  let pageMs = longestPageMs
  for (let page = from; page < to;) {
    const end = Math.min(to, page + pageMs)
    // A millisecond is read whole, however much it holds.
    const limit = end - page <= 1 ? maxTicks : pageTicks + 1
    const newestFirst = await db.query(pair, getRecentTicksQuery({ from: page, to: end, limit }))
    if (newestFirst.length > pageTicks && end - page > 1) {
      pageMs = Math.max(1, Math.floor((end - page) / 4))
      continue
    }
    for (const tick of newestFirst.reverse())
      yield { tick, ...momentOf(db, pair, tick.timestamp + microsecondMs) }
    page = end
    if (newestFirst.length < pageTicks / 4) pageMs = Math.min(longestPageMs, pageMs * 2)
  }
}

/** No millisecond has so many. */
const maxTicks = 10_000_000

function momentOf(db: QuerySource, pair: PairLike, asOf: number): ReplayedMoment {
  return {
    asOf,
    query: (builder, options) => {
      const now = 'lookbackMinutes' in options ? { now: asOf } : {}
      return db.query(pair, builder({ ...options, ...now, asOf }))
    },
  }
}
