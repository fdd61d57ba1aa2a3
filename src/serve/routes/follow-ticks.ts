import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../../errors.ts'
import { getCandlesQuery } from '../../queries/index.ts'
import { query, type Query } from '../../queries/query.ts'
import type { StoredTick } from '../../schema/rows.ts'
import type { PairduckEvents } from '../../storage/events/events.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'
import { tickOrder } from '../../schema/tables.ts'
import type { EventReply } from './events.ts'

/** Ticks of one event, at most. */
const maxTicks = 2000

interface Followed {
  readonly store: MarketStore
  readonly pair: string
  /** The id of the last event that was heard; without it, from now on. */
  readonly cursor: string | undefined
  readonly timeframe: Timeframe | undefined
  readonly events: Pick<EventReply, 'ended' | 'begin' | 'onEnd' | 'send' | 'end'>
}

interface Cursor {
  readonly micros: bigint
  readonly tradeId: string
  /** How many ticks of exactly this time and id were told: those without id may be several. */
  readonly count: number
}

/** While a pair goes from one process to another it cannot be read; that is over in a moment. */
const passing = ['PAIR_LOCKED', 'CONNECTION_LOST', 'CLOSED', 'POOL_EXHAUSTED'] as const
const againMs = 500
const maxFailures = 20

/** Bars of one event, at most: the newest of those that changed. */
const maxBars = 1000

/**
 * Tells a pair's ticks after a cursor, and then each batch when it is stored: read from the file,
 * so that what was missed while nobody listened comes first, and nothing is told before it is
 * durable. Late ticks stand before the cursor: `late` says how many came, and from when on to ask
 * again. With a timeframe the bars that changed follow as `candles`, whatever changed them.
 */
export async function followTicks(followed: Followed): Promise<void> {
  const { store, pair, cursor, timeframe, events } = followed
  const teller = new Teller(followed, parseCursor(cursor) ?? (await newest(store, pair)))
  const ticks = (event: PairduckEvents['ticksStored'][0]): void => {
    if (event.pair !== pair) return
    const { counts, oldest } = event
    if (counts.late > 0)
      events.send({ id: undefined, event: 'late', data: { count: counts.late, from: oldest } })
    teller.go(counts.late > 0 ? oldest : Infinity)
  }
  const candles = (event: PairduckEvents['candlesStored'][0]): void => {
    if (event.pair === pair && event.timeframe === timeframe) teller.go(event.oldest)
  }
  // What was stored while another process was not heard is behind the cursor.
  const missed = (): void => teller.go(Infinity)
  store.on('ticksStored', ticks)
  store.on('candlesStored', candles)
  store.on('reconnected', missed)
  events.onEnd(() => {
    store.off('ticksStored', ticks)
    store.off('candlesStored', candles)
    store.off('reconnected', missed)
  })
  events.begin()
  teller.go(Infinity)
}

/** Tells what is stored and was not told, one read at a time. */
class Teller {
  readonly #followed: Followed
  #cursor: Cursor
  /** Bars from here on (Unix ms) have changed. */
  #changedFrom = Infinity
  #isRunning = false
  #again = false

  constructor(followed: Followed, cursor: Cursor) {
    this.#followed = followed
    this.#cursor = cursor
  }

  /** Looks for new ticks, and tells the bars from a moment on. */
  go(changedFrom: number): void {
    this.#changedFrom = Math.min(this.#changedFrom, changedFrom)
    this.#again = true
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let failures = 0
    while (this.#again && !this.#followed.events.ended) {
      this.#again = false
      try {
        await this.#tell()
        failures = 0
      } catch (error) {
        if (!isPassing(error) || ++failures > maxFailures) {
          this.#followed.events.end(error)
          break
        }
        await delay(againMs)
        this.#again = true
      }
    }
    this.#isRunning = false
  }

  async #tell(): Promise<void> {
    const { store, pair, events } = this.#followed
    const ticks = await ticksAfter(store, pair, this.#cursor)
    if (events.ended) return
    if (ticks.length > 0) {
      this.#cursor = cursorBehind(ticks, this.#cursor)
      events.send({ id: textOf(this.#cursor), event: 'ticks', data: ticks })
      this.#changedFrom = Math.min(this.#changedFrom, ticks[0]!.timestamp)
      this.#again ||= ticks.length >= maxTicks
    }
    await this.#tellBars(ticks.length)
  }

  async #tellBars(ticks: number): Promise<void> {
    const { store, pair, timeframe, events } = this.#followed
    const from = this.#changedFrom
    this.#changedFrom = Infinity
    if (timeframe === undefined || from === Infinity) return
    const width = timeframeMs[timeframe]
    const changed = getCandlesQuery({
      timeframe,
      from: Math.floor(from / width) * width,
      limit: maxBars,
    })
    const candles = await store.query(pair, changed).catch((error: unknown) => {
      this.#changedFrom = Math.min(this.#changedFrom, from)
      throw error
    })
    if (candles.length > 0)
      events.send({ id: undefined, event: 'candles', data: { timeframe, candles, ticks } })
  }
}

function isPassing(error: unknown): boolean {
  return passing.some((code) => PairduckError.is(error, code))
}

/** The ticks of the same moment that were told before are read with the rest, and cut off. */
async function ticksAfter(store: MarketStore, pair: string, cursor: Cursor): Promise<StoredTick[]> {
  const after: Query<StoredTick> = query(
    'ticksAfter',
    `SELECT timestamp AS "timestamp", price AS "price", volume AS "volume", side AS "side",
      trade_id AS "tradeId"
    FROM ticks
    WHERE timestamp >= make_timestamp($micros) AND (
      timestamp > make_timestamp($micros)
      OR coalesce(length(trade_id), 0) > length($tradeId)
      OR (coalesce(length(trade_id), 0) = length($tradeId) AND coalesce(trade_id, '') >= $tradeId))
    ORDER BY ${tickOrder} LIMIT ${maxTicks + cursor.count}`,
    { micros: cursor.micros, tradeId: cursor.tradeId },
  )
  return (await store.query(pair, after)).slice(cursor.count)
}

async function newest(store: MarketStore, pair: string): Promise<Cursor> {
  const last: Query<{ micros: string | null; tradeId: string; count: number }> = query(
    'newestTick',
    `SELECT epoch_us(timestamp)::VARCHAR AS "micros", coalesce(trade_id, '') AS "tradeId", count(*) AS "count"
    FROM ticks WHERE timestamp = (SELECT max(timestamp) FROM ticks)
    GROUP BY 1, 2 ORDER BY length("tradeId") DESC, "tradeId" DESC LIMIT 1`,
  )
  const [row] = await store.query(pair, last)
  return { micros: BigInt(row?.micros ?? 0), tradeId: row?.tradeId ?? '', count: row?.count ?? 0 }
}

function cursorBehind(ticks: readonly StoredTick[], before: Cursor): Cursor {
  const { timestamp, tradeId } = ticks.at(-1)!
  const micros = BigInt(Math.round(timestamp * 1000))
  const id = tradeId ?? ''
  const same = ticks.filter((tick) => tick.timestamp === timestamp && (tick.tradeId ?? '') === id)
  const told = before.micros === micros && before.tradeId === id ? before.count : 0
  return { micros, tradeId: id, count: told + same.length }
}

/** The id of an event that told these ticks, the older first. */
export function cursorAfter(ticks: readonly StoredTick[]): string {
  return textOf(cursorBehind(ticks, { micros: 0n, tradeId: '', count: 0 }))
}

/** The id before every tick, for who has seen that there were none. */
export const beforeAll = '0:0:'

function textOf({ micros, tradeId, count }: Cursor): string {
  return `${micros}:${count}:${encodeURIComponent(tradeId)}`
}

/** Undefined without one; TypeError for what is none of ours. */
function parseCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined || text === '') return undefined
  const match = /^(\d{1,17}):(\d{1,9}):([^:\s]*)$/.exec(text)
  if (match === null)
    throw new TypeError('`after` and Last-Event-ID take the id of an earlier event')
  return {
    micros: BigInt(match[1]!),
    count: Number(match[2]),
    tradeId: decodeURIComponent(match[3]!),
  }
}
