import type { ArchiveStore } from '../../archive/store/archive-store.ts'
import { formatPair, type Pair } from '../../pair.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import type { Timeframe } from '../../time.ts'
import type { Engine } from '../duckdb/engine.ts'
import { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Events } from '../events/events.ts'
import { pairFiles } from '../file/pair-files.ts'
import { MemoryBudget } from '../front/memory-budget.ts'
import { mostWarmBars } from '../front/warm-bars.ts'
import type { LogBook } from '../log/log-book.ts'
import type { WriterOptions } from '../write/tick-line.ts'
import { ConnectionPool } from './connection-pool.ts'
import { openPair } from './open-pair.ts'
import type { PoolOptions } from './pool-slot.ts'
import { openLogBook } from './recover-pairs.ts'
import { RestingPairs } from './resting-pairs.ts'

type Options = PoolOptions &
  WriterOptions & {
    readonly candles: readonly Timeframe[] | undefined
    readonly maxPendingTicksTotal: number
    readonly retention: RetentionRules
    readonly archive: { readonly store: ArchiveStore } | undefined
  }

/** A pool over a data directory, with all that its pairs share. */
export function openPool(
  dataDir: string,
  options: Options,
  engine: Engine,
  events: Events,
): {
  pool: ConnectionPool
  logs: LogBook
  budget: ThreadBudget
  newRules: Map<string, RetentionRules>
} {
  const budget = new ThreadBudget(options.maxPendingTicksTotal)
  const logs = openLogBook(dataDir, events)
  const memory = new MemoryBudget()
  const bars = new MemoryBudget(200_000, mostWarmBars)
  const { candles, retention } = options
  const newRules = new Map<string, RetentionRules>()
  const own = { engine, budget, memory, bars, logs, events, onBroken: () => engine.onLost() }
  const context = {
    ...own,
    writer: options,
    candles,
    retention,
    newRules,
    archive: options.archive?.store,
  }
  const resting = new RestingPairs({ logs, budget, events, options })
  const open = (pair: Pair) => {
    const files = pairFiles(dataDir, pair)
    const of = { name: formatPair(pair), file: files.database }
    return resting.opened(of, () => openPair(pair, files, context))
  }
  const pool = new ConnectionPool(open, options, events, resting)
  resting.pool = pool
  return { pool, logs, budget, newRules }
}
