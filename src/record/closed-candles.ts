import type { PairLike } from '../pair.ts'
import { getCandlesQuery } from '../queries/candles.ts'
import { query } from '../queries/query.ts'
import type { StoredCandle } from '../schema/rows.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { timeframeMs, type Timeframe } from '../time.ts'
import { commits, type FollowOptions } from '../storage/follow/follow.ts'

/** A bar that closed, or that a late trade changed after it had been given. */
export interface CandleEvent {
  /** The kind of event. */
  readonly type: 'candleClosed' | 'candleCorrected'
  /** The candle as it is stored. */
  readonly candle: StoredCandle
}

/** Options of `closedCandles`. */
export interface ClosedCandlesOptions extends FollowOptions {
  /** Unix ms: bars that opened from here on. Default: those that close from now on. */
  readonly from?: number | undefined
}

/** Bars that a late trade may still correct. */
const keptBars = 500

/**
 * The bars of a pair as they close, each once, in order of time; a bar is closed when a trade of a
 * later one is stored. A trade that comes late for one of the last 500 gives that bar again, as a
 * correction.
 */
export async function* closedCandles(
  db: MarketStore,
  pair: PairLike,
  timeframe: Timeframe,
  { from, signal }: ClosedCandlesOptions = {},
): AsyncGenerator<CandleEvent, void, undefined> {
  const width = timeframeMs[timeframe]
  const given = new Map<number, string>()
  let next = from === undefined ? undefined : Math.ceil(from / width) * width
  for await (const { late } of commits(db, pair, signal)) {
    const [row] = await db.query(pair, newestTick)
    if (row?.newest === undefined || row.newest === null) continue
    const open = Math.floor(row.newest / width) * width
    next ??= open
    const oldest = late ? Math.min(next, ...given.keys()) : next
    if (oldest >= open) continue
    const candles = await db.query(pair, getCandlesQuery({ timeframe, from: oldest, to: open }))
    for (const candle of candles) {
      const text = JSON.stringify(candle)
      const before = given.get(candle.timestamp)
      if (before === text) continue
      // A bar of a time without trades that is given later than its followers is a correction, too.
      const isNew = before === undefined && candle.timestamp >= next
      given.set(candle.timestamp, text)
      yield { type: isNew ? 'candleClosed' : 'candleCorrected', candle }
    }
    next = open
    forgetOld(given)
  }
}

function forgetOld(given: Map<number, string>): void {
  const excess = given.size - keptBars
  if (excess <= 0) return
  for (const time of [...given.keys()].sort((a, b) => a - b).slice(0, excess)) given.delete(time)
}

const newestTick = query<{ newest: number | null }>(
  'newestTick',
  'SELECT max(timestamp) AS "newest" FROM ticks',
)
