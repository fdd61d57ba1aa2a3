import { PairduckError } from '../errors.ts'
import { number, resolveOptions, signalRule } from '../options.ts'
import { formatPair, parsePair, type PairLike } from '../pair.ts'
import { getRecentTicksQuery, query, type Query } from '../queries/index.ts'
import { tickOrder } from '../schema/tables.ts'
import { century, microsFromMs } from '../time.ts'
import { rowsOfBatch } from '../storage/duckdb/column-batch.ts'
import type { MarketStore } from '../storage/market-store.ts'
import type { Gap } from '../schema/gaps.ts'
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
  /** Holes of the owner's ledger that are new in the replica's, or stand there otherwise now. */
  readonly gaps: number
}

const rules = { overlapMs: number(0, century, 3_600_000), signal: signalRule }

/**
 * Brings the ticks of a pair that `to` lacks from another store, oldest first, each exactly once: those
 * with an id by it, others by how many of the same values there are; and the ledger of gaps, so that
 * `complete` says there what it says here. A call that was broken off is finished by the next one.
 * `from` is what `connect()` gives, or a manager; `to` is the replica's.
 */
export async function replicate(
  from: Pick<MarketStore, 'streamColumns' | 'gaps'>,
  to: Pick<MarketStore, 'query' | 'insertTicks' | 'gaps'>,
  pair: PairLike,
  options?: ReplicateOptions,
): Promise<ReplicateReport> {
  const { overlapMs, signal } = resolveOptions('replicate', options, rules)
  const name = formatPair(parsePair(pair))
  // Before the ticks: what is filled by now is among them.
  const changed = await changedGaps(await from.gaps(name), to, name)
  const [filled, missing] = [changed.filter(isFilled), changed.filter((gap) => !isFilled(gap))]
  if (missing.length > 0) await to.insertTicks(name, [], { gaps: missing })
  const since = await beginning(to, name, { overlapMs, filled })
  const known = since === undefined ? new Map<string, number>() : await withoutId(to, name, since)
  const stream = await from.streamColumns(name, ticksSince(since), { signal, timeoutMs: century })
  const report = { pair: name, read: 0, inserted: 0, expired: 0, gaps: changed.length }
  for await (const batch of stream) {
    const rows = rowsOfBatch(stream.columns, batch) as unknown as StoredTick[]
    const lacking = rows.filter((tick) => tick.tradeId !== null || !takeOne(known, keyOf(tick)))
    report.read += rows.length
    const counts = await to.insertTicks(name, lacking.map(asTick))
    report.inserted += counts.inserted
    report.expired += counts.expired
  }
  // Only now: a call that is broken off before leaves them as missing as they are.
  if (filled.length > 0) await to.insertTicks(name, [], { gaps: filled })
  return report
}

/** The holes that the replica does not have, or has otherwise. */
async function changedGaps(
  gaps: readonly Gap[],
  to: Pick<MarketStore, 'gaps'>,
  pair: string,
): Promise<Gap[]> {
  const known = new Set((await whereStored(() => to.gaps(pair), [])).map((gap) => textOf(gap)))
  return gaps.filter((gap) => !known.has(textOf(gap)))
}

function textOf(gap: Gap): string {
  return JSON.stringify(Object.entries(gap).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function isFilled({ state }: Gap): boolean {
  return state === 'filled'
}

/** From when on to read: what may have come late, and what filled a hole however old. */
async function beginning(
  to: Pick<MarketStore, 'query'>,
  pair: string,
  { overlapMs, filled }: { readonly overlapMs: number; readonly filled: readonly Gap[] },
): Promise<number | undefined> {
  const newestOnes = await whereStored(() => to.query(pair, getRecentTicksQuery({ limit: 1 })), [])
  const [newest] = newestOnes
  if (newest === undefined) return undefined
  return Math.min(newest.timestamp - overlapMs, ...filled.map(({ fromTime }) => fromTime))
}

/** What a replica has that may not have the pair yet. */
async function whereStored<T>(read: () => Promise<T>, absent: T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return absent
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
