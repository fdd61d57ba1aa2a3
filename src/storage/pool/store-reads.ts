import { setMaxListeners } from 'node:events'
import type { Pair, PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import type { StoredCandle, StoredTick } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import { follow, resolveFollowOptions, untilEither, type FollowOptions } from '../follow/follow.ts'
import { replay, type ReplayedBar, type ReplayOptions } from '../follow/replay.ts'
import type { ColumnsOf } from '../duckdb/read-vector.ts'
import type { ColumnStream } from './column-stream.ts'
import { Events } from '../events/events.ts'
import type {
  AcquireOptions,
  QueryOptions,
  QueryPairsOptions,
  SignalOptions,
  StreamOptions,
} from './lease-options.ts'
import type { FrontReads } from './front-reads.ts'
import type { Lease } from './lease.ts'
import type { Leases } from './leases.ts'

/** What a manager gives to read: every call that runs a query or lends a connection. */
export abstract class StoreReads extends Events {
  protected abstract readonly leases: Leases
  protected abstract readonly front: FrontReads

  /** Ends what follows a pair when the manager closes. */
  protected readonly closing: AbortController = new AbortController()

  constructor() {
    super()
    // Each that follows a pair listens.
    setMaxListeners(0, this, this.closing.signal)
  }

  /** The pair in its one form; throws for what is none, and when the manager is closed. */
  protected abstract parsePair(pair: PairLike): Pair

  /**
   * The query's rows; times are Unix ms. `PAIR_NOT_FOUND` when nothing was ever stored. Whole numbers
   * come as numbers, exact up to 2^53: select larger ones as `::VARCHAR`.
   */
  async query<Row>(pair: PairLike, query: Query<Row>, options?: QueryOptions): Promise<Row[]> {
    return this.front.query(this.parsePair(pair), query, options)
  }

  /** The newest ticks, newest first, in the one order of ticks; mostly answered from memory. */
  async recentTicks(
    pair: PairLike,
    limit: number = 100,
    options?: SignalOptions,
  ): Promise<StoredTick[]> {
    return this.front.recentTicks(this.parsePair(pair), limit, options)
  }

  /**
   * The newest bars of a timeframe, the oldest of them first, the one still open last: what
   * `getCandlesQuery({ timeframe, limit })` gives, mostly answered from memory.
   */
  async lastCandles(
    pair: PairLike,
    timeframe: Timeframe,
    limit: number = 500,
    options?: SignalOptions,
  ): Promise<StoredCandle[]> {
    return this.front.lastCandles(this.parsePair(pair), { timeframe, limit }, options)
  }

  /**
   * The query's rows now, and again after each commit to the pair, until the signal fires or the
   * manager closes. Commits that come while the caller is busy count as one.
   */
  follow<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: FollowOptions,
  ): AsyncGenerator<Row[], void, undefined> {
    const until = untilEither(this.closing.signal, resolveFollowOptions(options).signal)
    return follow(this, this.parsePair(pair), query, { signal: until })
  }

  /**
   * The stored bars of a span of time, in order; each runs queries that see nothing later than it.
   * Reading costs linear time over the whole span.
   */
  replay(pair: PairLike, options: ReplayOptions): AsyncGenerator<ReplayedBar, void, undefined> {
    return replay(this, this.parsePair(pair), options)
  }

  /** Over several pairs, each a schema of its name: `queryPairs({ btc, eth }, query)` for `btc.ticks`. */
  async queryPairs<Row>(
    pairs: Readonly<Record<string, PairLike>>,
    query: Query<Row>,
    options?: QueryPairsOptions,
  ): Promise<Row[]> {
    return this.leases.readPairs((pair) => this.parsePair(pair), pairs, query, options)
  }

  /** The query's columns: numbers and times as Float64Array (NULL as NaN), all else as arrays. */
  async queryColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: QueryOptions,
  ): Promise<ColumnsOf<Row>> {
    const read = (lease: Lease) => lease.queryColumns(query, options)
    return this.leases.read(this.parsePair(pair), read, options)
  }

  /** The query's rows in batches of columns, read as fast as they are taken; see {@link ColumnStream}. */
  async streamColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: StreamOptions,
  ): Promise<ColumnStream> {
    return this.leases.stream(this.parsePair(pair), query, options)
  }

  /** Lends a connection, which holds the pair open until `release()`; or `POOL_EXHAUSTED`. */
  async acquire(pair: PairLike, options?: AcquireOptions): Promise<Lease> {
    return this.leases.lend(this.parsePair(pair), options)
  }

  /** Runs `work` with a lease and gives it back, whatever happens. */
  async withConnection<T>(
    pair: PairLike,
    work: (lease: Lease) => Promise<T>,
    options?: AcquireOptions,
  ): Promise<T> {
    return this.leases.use(this.parsePair(pair), work, options)
  }
}
