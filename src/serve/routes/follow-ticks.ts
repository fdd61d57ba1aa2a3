import { getCandlesQuery } from '../../queries/index.ts'
import { query, type Query } from '../../queries/query.ts'
import type { StoredTick } from '../../schema/rows.ts'
import type { PairduckEvents } from '../../storage/events/events.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import type { Timeframe } from '../../time.ts'
import { tickOrder } from '../analytics/ticks-of-window.ts'
import type { EventReply } from './events.ts'

/** Ticks of one event, at most. */
const maxTicks = 2000

interface Followed {
  readonly store: MarketStore
  readonly pair: string
  /** The id of the last event that was heard; without it, from now on. */
  readonly cursor: string | undefined
  readonly timeframe: Timeframe | undefined
  readonly events: EventReply
}

interface Cursor {
  readonly micros: bigint
  readonly tradeId: string
  /** How many ticks of exactly this time and id were told: those without id may be several. */
  readonly count: number
}

/**
 * Tells a pair's ticks after a cursor, and then each batch when it is stored: read from the file,
 * so that what was missed while nobody listened comes first, and nothing is told before it is
 * durable. Late ticks stand before the cursor: `late` says how many came, and from when on to ask
 * again. With a timeframe the bars that changed follow as `candles`.
 */
export async function followTicks(followed: Followed): Promise<void> {
  const { store, pair, events, timeframe } = followed
  let cursor = parseCursor(followed.cursor) ?? (await newest(store, pair))
  let again = false
  let telling: Promise<void> | undefined
  const tell = async (): Promise<void> => {
    do {
      again = false
      for (;;) {
        const ticks = await ticksAfter(store, pair, cursor)
        if (events.ended || ticks.length === 0) break
        cursor = cursorBehind(ticks, cursor)
        events.send({ id: textOf(cursor), event: 'ticks', data: ticks })
        if (timeframe !== undefined) await tellBars(followed, timeframe, ticks)
        if (ticks.length < maxTicks) break
      }
    } while (again)
  }
  const run = (): void => {
    again = true
    telling ??= tell()
      .catch((error: unknown) => events.end(error))
      .finally(() => (telling = undefined))
  }
  const stored = (event: PairduckEvents['ticksStored'][0]): void => {
    if (event.pair !== pair) return
    if (event.counts.late > 0)
      events.send({ id: undefined, event: 'late', data: { count: event.counts.late } })
    run()
  }
  store.on('ticksStored', stored)
  events.onEnd(() => store.off('ticksStored', stored))
  events.begin()
  run()
}

async function tellBars(
  { store, pair, events }: Followed,
  timeframe: Timeframe,
  ticks: readonly StoredTick[],
): Promise<void> {
  const query = getCandlesQuery({ timeframe, limit: 2 })
  const candles = await store.query(pair, query)
  if (candles.length > 0)
    events.send({
      id: undefined,
      event: 'candles',
      data: { timeframe, candles, ticks: ticks.length },
    })
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
