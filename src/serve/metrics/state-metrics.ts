import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MirrorReads } from '../../mirror/read/mirror-reads.ts'
import { pairFiles, sizeOf } from '../../storage/file/pair-files.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import type { Figure, MetricSink } from './metric-sink.ts'

/** What a store and its process are like now, read when somebody asks. What it gives ends it. */
export function watchStore(sink: MetricSink, store: MarketStore): () => void {
  watchPool(sink, store)
  if ('dataDir' in store && typeof store.dataDir === 'string')
    watchFiles(sink, store, store.dataDir)
  return watchProcess(sink)
}

function watchPool(sink: MetricSink, store: MarketStore): void {
  sink.gauge(
    'pairduck_pool_pairs',
    'Pair files by state, and callers that wait for one.',
    async () => {
      const { size, active, idle, waiting } = await store.stats()
      return Object.entries({ open: size, active, idle, waiting }).map(([state, value]) => ({
        value,
        labels: { state },
      }))
    },
    ['state'],
  )
  sink.gauge('pairduck_pending_ticks', 'Ticks given and not durable yet.', async () => [
    { value: (await store.stats()).pendingTicks },
  ])
  sink.gauge('pairduck_pool_hit_ratio', 'Leases that found their pair open.', async () => [
    { value: (await store.stats()).hitRate },
  ])
}

function watchFiles(sink: MetricSink, store: MarketStore, dataDir: string): void {
  sink.gauge('pairduck_pairs', 'Pairs that are stored.', async () => [
    { value: (await store.listPairs()).length },
  ])
  sink.gauge(
    'pairduck_file_bytes',
    'Bytes of all pairs: their files, and the write-ahead logs beside them.',
    async () => {
      const files = (await store.listPairs()).map((pair) => pairFiles(dataDir, pair))
      return Promise.all(
        (['database', 'wal'] as const).map(async (file): Promise<Figure> => {
          const sizes = await Promise.all(files.map((each) => sizeOf(each[file])))
          const value = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
          return { value, labels: { file } }
        }),
      )
    },
    ['file'],
  )
}

function watchProcess(sink: MetricSink): () => void {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  sink.gauge(
    'pairduck_event_loop_delay_seconds',
    'Delay of the event loop since the last reading.',
    () => {
      const figures = [0.5, 0.99, 1].map((quantile) => ({
        value: delay.percentile(quantile * 100) / 1e9,
        labels: { quantile: String(quantile) },
      }))
      delay.reset()
      return figures
    },
    ['quantile'],
  )
  sink.gauge('pairduck_resident_memory_bytes', 'Resident memory of the process.', () => [
    { value: process.memoryUsage.rss() },
  ])
  return () => void delay.disable()
}

/** How far behind the account its mirror is. */
export function watchMirror(sink: MetricSink, mirror: MirrorReads): void {
  sink.gauge(
    'pairduck_mirror_lag_seconds',
    'How long ago the mirror was last written.',
    async () => {
      const { lagMs } = await mirror.status()
      return lagMs === null ? [] : [{ value: lagMs / 1000 }]
    },
  )
  sink.gauge('pairduck_mirror_writing', '1 while a writer holds the mirror.', async () => [
    { value: (await mirror.status()).isWriting ? 1 : 0 },
  ])
}
