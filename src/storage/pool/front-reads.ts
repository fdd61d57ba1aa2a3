import { shown } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import { newestTicksOf } from '../../schema/newest-ticks.ts'
import type { StoredCandle, StoredTick } from '../../schema/rows.ts'
import { isTimeframe, type Timeframe } from '../../time.ts'
import { orAborted } from '../../until-aborted.ts'
import { newestTicks, newestTicksQuery } from '../front/newest-ticks.ts'
import { lastCandlesQuery } from '../front/read-bars.ts'
import type { ConnectionPool } from './connection-pool.ts'
import {
  resolveQueryOptions,
  resolveSignalOptions,
  type QueryOptions,
  type SignalOptions,
} from './lease-options.ts'
import type { Lease } from './lease.ts'
import type { Leases } from './leases.ts'

/** The bars that are asked for. */
interface AskedBars {
  readonly timeframe: Timeframe
  readonly limit: number
}

/** Questions that memory answers where it can, which takes no thread, and the file where it cannot. */
export class FrontReads {
  readonly #pool: ConnectionPool
  readonly #leases: Leases

  constructor(pool: ConnectionPool, leases: Leases) {
    this.#pool = pool
    this.#leases = leases
  }

  /** The rows of a query; those of the newest ticks from memory, where that must tell the same. */
  async query<Row>(pair: Pair, query: Query<Row>, options?: QueryOptions): Promise<Row[]> {
    const { signal, history } = resolveQueryOptions('query', options)
    const count = newestTicksOf(query)
    if (isCount(count) && history !== true && signal?.aborted !== true) {
      const newest = this.#newestTicks(pair, count)
      if (newest !== undefined) return newest as Row[]
    }
    return this.#leases.read(pair, (lease) => lease.query(query, options), options)
  }

  /** The newest ticks. */
  async recentTicks(
    pair: Pair,
    limit: number,
    options: SignalOptions | undefined,
  ): Promise<StoredTick[]> {
    checkLimit('recentTicks', 'ticks', limit)
    const { signal } = resolveSignalOptions('recentTicks', options)
    const name = formatPair(pair)
    const read = (lease: Lease) => lease.query(newestTicksQuery(limit), { signal })
    return orAborted(`${name}: recentTicks`, signal, async () => {
      return this.#newestTicks(pair, limit) ?? this.#leases.read(pair, read, { signal })
    })
  }

  /** The newest bars, the oldest of them first; from memory once they were asked for. */
  async lastCandles(
    pair: Pair,
    { timeframe, limit }: AskedBars,
    options: SignalOptions | undefined,
  ): Promise<StoredCandle[]> {
    if (!isTimeframe(timeframe)) throw new TypeError(`unknown timeframe ${String(timeframe)}`)
    checkLimit('lastCandles', 'bars', limit)
    const { signal } = resolveSignalOptions('lastCandles', options)
    const name = formatPair(pair)
    const read = async (lease: Lease): Promise<StoredCandle[]> => {
      // What comes into memory is for whoever asks next, and is read to its end.
      const known = await this.#pool.use(
        pair,
        ({ writer }) => writer.lastBars(timeframe, limit, { read: true }),
        { joins: true },
      )
      return known ?? lease.query(lastCandlesQuery(timeframe, limit), { signal })
    }
    return orAborted(`${name}: lastCandles`, signal, async () => {
      const open = this.#pool.acquireOpen(name)
      if (open === undefined) return this.#leases.read(pair, read, { signal })
      try {
        const known = await open.writer.lastBars(timeframe, limit)
        if (known !== undefined) return known
      } finally {
        this.#pool.endLease(open.name)
      }
      return this.#leases.read(pair, read, { signal })
    })
  }

  /** The newest ticks of an open pair, where memory tells them. */
  #newestTicks(pair: Pair, count: number): StoredTick[] | undefined {
    const open = this.#pool.acquireOpen(formatPair(pair))
    if (open === undefined) return undefined
    try {
      // Whoever has had the file for himself may have stored others.
      if (open.isAltered || open.writer.isWatched) return undefined
      return newestTicks(open.writer.ticks.recent, count)
    } finally {
      this.#pool.endLease(open.name)
    }
  }
}

function checkLimit(call: string, what: string, limit: number): void {
  if (!isCount(limit))
    throw new RangeError(`${call}: expected a number of ${what} from 1 on, got ${shown(limit)}`)
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 1
}
