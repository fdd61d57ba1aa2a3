import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { PairduckEvents } from '../../storage/events/events.ts'
import type { MarketStore } from '../../storage/market-store.ts'

/** What a store does, as metrics. They count from when they were made. */
export class StoreMetrics {
  readonly #registry = new Registry()
  readonly #store: MarketStore
  readonly #ends: (() => void)[] = []

  private constructor(store: MarketStore) {
    this.#store = store
    this.#count()
    this.#countUpkeep()
    this.#watch()
  }

  static async of(store: MarketStore): Promise<StoreMetrics> {
    return new StoreMetrics(store)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  /** Counters from events. */
  #count(): void {
    const registers = [this.#registry]
    const ticks = new Counter({
      name: 'pairduck_ticks_total',
      help: 'Ticks by what became of them.',
      labelNames: ['outcome'],
      registers,
    })
    const commits = new Counter({
      name: 'pairduck_commits_total',
      help: 'Durable commits of ticks.',
      registers,
    })
    const perCommit = new Histogram({
      name: 'pairduck_commit_ticks',
      help: 'Ticks of a commit.',
      buckets: [1, 10, 100, 1000, 10_000, 100_000],
      registers,
    })
    const lag = new Histogram({
      name: 'pairduck_newest_tick_age_seconds',
      help: 'How old the newest tick of a commit is when it is durable.',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600],
      registers,
    })
    this.#on('ticksStored', ({ counts, newest }) => {
      const { inserted, duplicates, conflicts, expired, late } = counts
      for (const [outcome, count] of Object.entries({
        inserted,
        duplicates,
        conflicts,
        expired,
        late,
      }))
        ticks.inc({ outcome }, count)
      commits.inc()
      perCommit.observe(inserted)
      lag.observe(Math.max(0, (Date.now() - newest) / 1000))
    })
  }

  #countUpkeep(): void {
    const registers = [this.#registry]
    const cleanups = new Histogram({
      name: 'pairduck_cleanup_seconds',
      help: 'Duration of cleanup passes.',
      buckets: [0.01, 0.1, 1, 10, 100],
      registers,
    })
    const deleted = new Counter({
      name: 'pairduck_rows_deleted_total',
      help: 'Rows that retention deleted.',
      labelNames: ['relation'],
      registers,
    })
    this.#on('cleanupDone', ({ results, tookMs }) => {
      cleanups.observe(tookMs / 1000)
      for (const result of results)
        for (const [relation, rows] of Object.entries(result.deleted))
          deleted.inc({ relation }, rows)
    })
    const errors = new Counter({
      name: 'pairduck_errors_total',
      help: 'Errors told as events.',
      registers,
    })
    this.#on('error', () => errors.inc())
  }

  /** Gauges, read when they are asked for. */
  #watch(): void {
    const registers = [this.#registry]
    const store = this.#store
    const gauges = { size: 'open', active: 'active', idle: 'idle', waiting: 'waiting' } as const
    const pool = new Gauge({
      name: 'pairduck_pool_pairs',
      help: 'Pair files by state, and callers that wait for one.',
      labelNames: ['state'],
      registers,
      async collect() {
        const stats = await store.stats()
        for (const [name, state] of Object.entries(gauges))
          this.set({ state }, stats[name as keyof typeof gauges])
        pending.set(stats.pendingTicks)
        hitRate.set(stats.hitRate)
      },
    })
    const pending = new Gauge({
      name: 'pairduck_pending_ticks',
      help: 'Ticks given and not durable yet.',
      registers,
    })
    const hitRate = new Gauge({
      name: 'pairduck_pool_hit_ratio',
      help: 'Leases that found their pair open.',
      registers,
    })
    void pool
    const delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    this.#ends.push(() => void delay.disable())
    const loop = new Gauge({
      name: 'pairduck_event_loop_delay_seconds',
      help: 'Delay of the event loop since the last reading.',
      labelNames: ['quantile'],
      registers,
      collect() {
        for (const quantile of [50, 99, 100])
          this.set({ quantile: String(quantile / 100) }, delay.percentile(quantile) / 1e9)
        delay.reset()
      },
    })
    void loop
    const memory = new Gauge({
      name: 'pairduck_resident_memory_bytes',
      help: 'Resident memory of the process.',
      registers,
      collect() {
        this.set(process.memoryUsage.rss())
      },
    })
    void memory
  }

  #on<Name extends keyof PairduckEvents>(
    name: Name,
    listener: (...args: PairduckEvents[Name]) => void,
  ): void {
    this.#store.on(name, listener)
    this.#ends.push(() => void this.#store.off(name, listener))
  }
}
