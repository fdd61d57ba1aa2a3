import { PairduckError } from '../errors.ts'
import { number, resolveOptions, signalRule } from '../options.ts'
import { formatPair, parsePair, type PairLike } from '../pair.ts'
import { getRecentTicksQuery, query, type Query } from '../queries/index.ts'
import { tickOrder } from '../schema/tables.ts'
import { century, microsFromMs } from '../time.ts'
import { rowsOfBatch } from '../storage/duckdb/column-batch.ts'
import type { MarketStore } from '../storage/market-store.ts'
import type { StoredTick, Tick } from '../schema/rows.ts'

/** Options of `replicate`. */
export interface ReplicateOptions {
  /**
   * How far before the newest tick of the replica is read again, in ms, for ticks that came late.
   * Default one hour.
   */
  readonly overlapMs?: number | undefined
  /** Ends it; what was copied stays, and the next call goes on there. */
  readonly signal?: AbortSignal | undefined
}

/** What `replicate` did. */
export interface ReplicateReport {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Ticks that were read of the owner. */
  readonly read: number
  /** Ticks that the replica did not have. */
  readonly inserted: number
  /** Ticks older than what the replica's own retention has deleted. */
  readonly expired: number
}

const rules = { overlapMs: number(0, century, 3_600_000), signal: signalRule }

/**
 * Brings the ticks of a pair that `to` lacks from another store, oldest first, each exactly once: those
 * with an id by it, others by how many of the same values there are. A call that was broken off is
 * finished by the next one. `from` is what `connect()` gives, or a manager; `to` is the replica's.
 */
export async function replicate(
  from: Pick<MarketStore, 'streamColumns'>,
  to: Pick<MarketStore, 'query' | 'insertTicks'>,
  pair: PairLike,
  options?: ReplicateOptions,
): Promise<ReplicateReport> {
  const { overlapMs, signal } = resolveOptions('replicate', options, rules)
  const name = formatPair(parsePair(pair))
  const since = await beginning(to, name, overlapMs)
  const known = since === undefined ? new Map<string, number>() : await withoutId(to, name, since)
  const stream = await from.streamColumns(name, ticksSince(since), { signal, timeoutMs: century })
  const report = { pair: name, read: 0, inserted: 0, expired: 0 }
  for await (const batch of stream) {
    const rows = rowsOfBatch(stream.columns, batch) as unknown as StoredTick[]
    const lacking = rows.filter((tick) => tick.tradeId !== null || !takeOne(known, keyOf(tick)))
    report.read += rows.length
    const counts = await to.insertTicks(name, lacking.map(asTick))
    report.inserted += counts.inserted
    report.expired += counts.expired
  }
  return report
}

async function beginning(
  to: Pick<MarketStore, 'query'>,
  pair: string,
  overlapMs: number,
): Promise<number | undefined> {
  try {
    const [newest] = await to.query(pair, getRecentTicksQuery({ limit: 1 }))
    return newest === undefined ? undefined : newest.timestamp - overlapMs
  } catch (error) {
    if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return undefined
    throw error
  }
}

/** How many ticks without an id the replica has, by their values. */
async function withoutId(
  to: Pick<MarketStore, 'query'>,
  pair: string,
  since: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const tick of await to.query(pair, ticksSince(since, 'trade_id IS NULL')))
    counts.set(keyOf(tick), (counts.get(keyOf(tick)) ?? 0) + 1)
  return counts
}

function ticksSince(since: number | undefined, where = 'true'): Query<StoredTick> {
  const after = since === undefined ? 'true' : 'timestamp >= make_timestamp($since)'
  return query(
    'replicate',
    `SELECT timestamp AS "timestamp", price AS "price", volume AS "volume", side AS "side",
      trade_id AS "tradeId"
    FROM ticks WHERE ${after} AND ${where} ORDER BY ${tickOrder}`,
    since === undefined ? {} : { since: BigInt(microsFromMs(since)) },
  )
}

function keyOf({ timestamp, price, volume, side }: StoredTick): string {
  return `${timestamp}|${price}|${volume}|${side}`
}

/** Takes one of a kind away, if there is one. */
function takeOne(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0
  if (count > 0) counts.set(key, count - 1)
  return count > 0
}

function asTick({ tradeId, ...tick }: StoredTick): Tick {
  return tradeId === null ? tick : { ...tick, tradeId }
}
