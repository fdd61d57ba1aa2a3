import { PairduckError, shown } from '../../errors.ts'
import { optional, resolveOptions, signalRule, timeRule } from '../../options.ts'
import { formatPair, parsePair, type PairLike } from '../../pair.ts'
import { getCandlesQuery } from '../../queries/candles.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import { isTimeframe, timeframeMs, timeframes, type Timeframe } from '../../time.ts'
import { query } from '../../queries/query.ts'
import { commits, type Brought, type FollowOptions, type FollowSource } from './follow.ts'
import type { QuerySource } from './replay.ts'

/** A bar that closed, or that a late trade changed after it had been closed. */
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

/**
 * The bars of a pair as they close, each once, in order of time; a bar is closed when a trade of a
 * later one is stored. A trade that comes late for a closed bar gives that bar again, as a
 * correction, also where no trade had been in it before.
 */
export function closedCandles(
  db: FollowSource,
  pair: PairLike,
  timeframe: Timeframe,
  options?: ClosedCandlesOptions,
): AsyncGenerator<CandleEvent, void, undefined> {
  if (!isTimeframe(timeframe))
    throw new TypeError(
      `closedCandles: expected a timeframe, one of ${timeframes.join(', ')}, got ${shown(timeframe)}`,
    )
  return candlesAsTheyClose(db, pair, timeframe, resolveOptions('closedCandles', options, rules))
}

const rules = { from: optional(timeRule), signal: signalRule }

async function* candlesAsTheyClose(
  db: FollowSource,
  pair: PairLike,
  timeframe: Timeframe,
  { from, signal }: ClosedCandlesOptions,
): AsyncGenerator<CandleEvent, void, undefined> {
  const bars = new ClosedBars(db, formatPair(parsePair(pair)), timeframe)
  if (from !== undefined) bars.beginAt(from)
  for await (const brought of commits(db, pair, signal)) yield* bars.after(brought)
}

/** What was told last is kept of so many bars: a commit that it held already changes nothing. */
const keptBars = 500
/** Bars that are read at once. */
const pageBars = 1_000

/** Tells, commit after commit, which bars of one pair and length are closed and which were changed. */
export class ClosedBars {
  readonly #db: QuerySource
  readonly #pair: string
  readonly #timeframe: Timeframe
  readonly #width: number
  readonly #kept: number
  readonly #told = new Map<number, string>()
  /** Bars that opened before it were told; undefined until something is stored. */
  #next: number | undefined

  constructor(db: QuerySource, pair: string, timeframe: Timeframe, kept: number = keptBars) {
    this.#kept = kept
    this.#db = db
    this.#pair = pair
    this.#timeframe = timeframe
    this.#width = timeframeMs[timeframe]
  }

  /** Bars that opened from this time on have not been told. */
  beginAt(from: number): void {
    this.#next = Math.ceil(from / this.#width) * this.#width
  }

  /** What commits closed and changed; the changed ones first, as they are older. */
  async *after({
    newest,
    newestBefore,
    late,
    isMissed,
  }: Brought): AsyncGenerator<CandleEvent, void, undefined> {
    const now = newest ?? (await this.#end('max'))
    if (now === null) {
      // Whatever comes is new.
      this.#next ??= -Infinity
      return
    }
    const open = this.#openOf(now)
    this.#next ??= newestBefore === undefined ? open : this.#openOf(newestBefore ?? -Infinity)
    if (this.#next === -Infinity) this.#next = this.#openOf((await this.#end('min')) ?? open)
    const next = this.#next
    if (isMissed) yield* this.#changed(Math.min(next, ...this.#told.keys()), next)
    for (const [from, to] of this.#stretches(late))
      yield* this.#changed(from, Math.min(to + this.#width, next))
    if (next >= open) return
    this.#next = open
    for await (const candle of this.#candles(next, open)) {
      this.#told.set(candle.timestamp, JSON.stringify(candle))
      yield { type: 'candleClosed', candle }
    }
  }

  #openOf(time: number): number {
    return Math.floor(time / this.#width) * this.#width
  }

  /** Late stretches as bars, in order and each bar in one of them. */
  #stretches(late: Brought['late']): [from: number, to: number][] {
    const stretches: [number, number][] = []
    const inOrder = [...late].sort(([a], [b]) => a - b)
    for (const [from, to] of inOrder.map((ends) => ends.map((time) => this.#openOf(time)))) {
      const last = stretches.at(-1)
      if (last !== undefined && from! <= last[1] + this.#width) last[1] = Math.max(last[1], to!)
      else stretches.push([from!, to!])
    }
    return stretches
  }

  async *#changed(from: number, to: number): AsyncGenerator<CandleEvent, void, undefined> {
    for await (const candle of this.#candles(from, to)) {
      const text = JSON.stringify(candle)
      if (this.#told.get(candle.timestamp) === text) continue
      this.#told.set(candle.timestamp, text)
      yield { type: 'candleCorrected', candle }
    }
  }

  async *#candles(from: number, to: number): AsyncGenerator<StoredCandle, void, undefined> {
    const timeframe = this.#timeframe
    const span = pageBars * this.#width
    for (let begin = from; begin < to; begin += span) {
      const page = getCandlesQuery({ timeframe, from: begin, to: Math.min(to, begin + span) })
      const candles = await this.#db.query(this.#pair, page)
      for (const { source: _, ...candle } of candles) yield candle
      this.#forgetOld()
    }
  }

  #forgetOld(): void {
    const excess = this.#told.size - this.#kept
    if (excess <= 0) return
    const oldest = [...this.#told.keys()].sort((a, b) => a - b).slice(0, excess)
    for (const time of oldest) this.#told.delete(time)
  }

  /** The time of the first or the last stored tick; null while there is none. */
  async #end(which: 'min' | 'max'): Promise<number | null> {
    try {
      const [row] = await this.#db.query(this.#pair, tickTimes)
      return row?.[which] ?? null
    } catch (error) {
      if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return null
      throw error
    }
  }
}

const tickTimes = query<{ min: number | null; max: number | null }>(
  'tickTimes',
  'SELECT min(timestamp) AS "min", max(timestamp) AS "max" FROM ticks',
)
