import { PairduckError } from '../../errors.ts'
import { formatPair, type Pair, type PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import { openColumnStream, type ColumnStream } from './column-stream.ts'
import type { ConnectionPool } from './connection-pool.ts'
import {
  refuseNoQuery,
  resolveAcquireOptions,
  resolveQueryOptions,
  resolveQueryPairsOptions,
  resolveStreamOptions,
  type AcquireOptions,
  type QueryOptions,
  type QueryPairsOptions,
  type StreamOptions,
} from './lease-options.ts'
import { Lease } from './lease.ts'
import { endsWithin, letGoMs } from './let-go.ts'
import { checkPairNames } from './pair-schemas.ts'
import { pairFiles, refuseMissing } from '../file/pair-files.ts'
import { isEngineLost, withCode } from '../duckdb/duckdb-errors.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'

/** Lends connections of pairs and knows which are out. */
export class Leases {
  readonly #pool: ConnectionPool
  readonly #budget: ThreadBudget
  readonly #dataDir: string
  readonly #out = new Set<Lease>()
  /** Those of calls and streams that only read. */
  readonly #reading = new Set<Lease>()
  /** Pairs of which callers are being given leases, each as often as callers there are. */
  readonly #coming: string[] = []
  #closing = false

  constructor(pool: ConnectionPool, budget: ThreadBudget, dataDir: string) {
    this.#pool = pool
    this.#budget = budget
    this.#dataDir = dataDir
  }

  /** Runs `work` with a lease and gives it back, whatever happens. */
  async use<T>(
    pair: Pair,
    work: (lease: Lease) => Promise<T>,
    options?: AcquireOptions,
  ): Promise<T> {
    const lease = await this.lend(pair, options)
    try {
      return await work(lease)
    } finally {
      await lease.release()
    }
  }

  /** The same for who only reads: a pair without a file is `PAIR_NOT_FOUND` and not made by asking. */
  async read<T>(
    pair: Pair,
    work: (lease: Lease) => Promise<T>,
    options?: QueryOptions,
  ): Promise<T> {
    const { signal } = resolveQueryOptions('query', options)
    if (!this.#pool.isOpen(formatPair(pair)))
      await refuseMissing(pair, pairFiles(this.#dataDir, pair))
    const once = async (): Promise<T> => {
      const lease = await this.#lend(pair, { signal }, { watches: false })
      try {
        return await work(lease)
      } finally {
        await lease.release()
      }
    }
    try {
      return await once()
    } catch (error) {
      // The engine was lost under it, by whatever pair: reading changes nothing and is done again.
      if (!isEngineLost(error) || signal?.aborted === true) throw error
      return once()
    }
  }

  /** Runs a query over several pairs, each a schema of its name; all are held open meanwhile. */
  async readPairs<Row>(
    parse: (pair: PairLike) => Pair,
    named: Readonly<Record<string, PairLike>>,
    query: Query<Row>,
    options: QueryPairsOptions | undefined,
  ): Promise<Row[]> {
    refuseNoQuery('queryPairs', query)
    const { signal, unqualified } = resolveQueryPairsOptions(options)
    const given: [string | undefined, PairLike][] = checkPairNames(named)
    if (unqualified !== undefined) given.push([undefined, unqualified])
    const pairs = given.map(([schema, pair]) => ({ schema, pair: parse(pair) }))
    const leases: Lease[] = []
    const wereOpen = new Set(
      pairs.map(({ pair }) => formatPair(pair)).filter((name) => this.#pool.isOpen(name)),
    )
    try {
      // In one order for all calls: two that wait for each other's pairs would wait for ever.
      const names = [...new Map(pairs.map(({ pair }) => [formatPair(pair), pair]))]
      for (const [, pair] of names.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        await refuseMissing(pair, pairFiles(this.#dataDir, pair))
        leases.push(await this.lend(pair, { signal }))
      }
      const aliasOf = new Map(leases.map(({ pair, alias }) => [pair, alias]))
      const schemas = pairs.map(({ schema, pair }) => ({
        schema,
        alias: aliasOf.get(formatPair(pair))!,
      }))
      return await leases[0]!.queryAcross(query, schemas, signal)
    } catch (error) {
      // Who holds that one may be asked instead, and needs the others.
      if (PairduckError.is(error, 'PAIR_LOCKED')) await this.#giveFree(leases, wereOpen)
      throw error
    } finally {
      await Promise.all(leases.map((lease) => lease.release()))
    }
  }

  /** Closes the pairs of leases that were not open before. */
  async #giveFree(leases: readonly Lease[], wereOpen: ReadonlySet<string>): Promise<void> {
    await Promise.all(leases.map((lease) => lease.release()))
    const closing = leases.map(({ pair }) => pair).filter((name) => !wereOpen.has(name))
    await Promise.all(closing.map((name) => this.#pool.release(name)))
  }

  /** Opens a stream, which holds a lease until it ends. */
  async stream<Row>(
    pair: Pair,
    query: Query<Row>,
    options: StreamOptions | undefined,
  ): Promise<ColumnStream> {
    const resolved = resolveStreamOptions(options)
    if (!this.#pool.isOpen(formatPair(pair)))
      await refuseMissing(pair, pairFiles(this.#dataDir, pair))
    const lease = await this.#lend(pair, { signal: resolved.signal }, { watches: false })
    return openColumnStream(lease, query, resolved)
  }

  /**
   * Lends a connection of the pair, which holds it open until it is released. As long as it is out all
   * that is acknowledged is in the file, where its raw connection can see it.
   */
  async lend(pair: Pair, options?: AcquireOptions): Promise<Lease> {
    const resolved = resolveAcquireOptions('acquire', options)
    const name = formatPair(pair)
    this.#coming.push(name)
    try {
      return await this.#lend(pair, resolved, { watches: true })
    } finally {
      this.#coming.splice(this.#coming.indexOf(name), 1)
    }
  }

  async #lend(
    pair: Pair,
    { signal, timeoutMs }: AcquireOptions = {},
    { watches }: { watches: boolean },
  ): Promise<Lease> {
    const database = await this.#pool.acquire(pair, { signal, timeoutMs })
    const { writer } = database
    try {
      if (watches) await writer.watch()
      else await writer.applied()
      const connection = await database.acquireReader()
      if (this.#closing) {
        await database.releaseReader(connection, { reuse: true })
        throw new PairduckError('CLOSED', `${database.name}: the manager was closed meanwhile`)
      }
      const lease: Lease = new Lease(database, connection, this.#budget, () => {
        this.#out.delete(lease)
        this.#reading.delete(lease)
        if (watches) writer.unwatch()
        this.#pool.endLease(database.name)
      })
      this.#out.add(lease)
      if (!watches) this.#reading.add(lease)
      return lease
    } catch (error) {
      if (watches) writer.unwatch()
      this.#pool.endLease(database.name)
      throw withCode(error, database.name)
    }
  }

  /** Who holds the pair, in words. */
  holders(name: string): string[] {
    return [...this.#out]
      .filter(({ pair }) => pair === name)
      .map(({ acquiredAt }) => `a lease acquired ${new Date(acquiredAt).toISOString()}`)
  }

  /** Takes back what was lent of pairs that the engine gave up. */
  async revokeBroken(): Promise<void> {
    this.#pool.retireBroken()
    const broken = [...this.#out].filter((lease) => lease.isBroken)
    await Promise.allSettled(broken.map((lease) => lease.revoke()))
  }

  /** Whether a caller has a lease of the pair, or is being given one, who may do with it what he likes. */
  isLent(name: string): boolean {
    return (
      this.#coming.includes(name) ||
      [...this.#out].some((lease) => lease.pair === name && !this.#reading.has(lease))
    )
  }

  /** Ends what calls and streams read of a pair; a lease that a caller has is his. */
  async revokeReads(name: string): Promise<void> {
    const reading = [...this.#reading].filter(({ pair }) => pair === name)
    await Promise.allSettled(reading.map((lease) => lease.revoke()))
  }

  /**
   * Interrupts and takes back everything: for closing, when a cleanup may wait for what is lent. What
   * the engine does not let go of is waited for when its file is closed, and what stood in line
   * behind it is refused.
   */
  async revokeAll(): Promise<void> {
    this.#closing = true
    const revoked = Promise.allSettled([...this.#out].map((lease) => lease.revoke()))
    if (!(await endsWithin(letGoMs, revoked))) this.#budget.endReads()
  }
}
