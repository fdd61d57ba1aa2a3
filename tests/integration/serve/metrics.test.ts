import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, it, onTestFinished } from 'vitest'
import type { DatabaseManager, Gap } from '../../../src/index.ts'
import { observe } from '../../../src/serve/index.ts'
import { served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'
/** Commits of every outcome, a hole, and a cleanup. */
async function work(db: DatabaseManager): Promise<void> {
  const [first, ...rest] = someTicks(20)
  await db.insertTicks(pair, rest)
  await db.insertTicks(pair, [first!])
  await db.insertTicks(pair, [rest[0]!, { ...rest[1]!, price: 999 }])
  const gap: Gap = {
    fromTime: rest[0]!.timestamp,
    toTime: rest[1]!.timestamp,
    fromId: '2',
    toId: '3',
    state: 'open',
    reason: null,
    tries: 0,
    openedAt: rest[1]!.timestamp,
    closedAt: null,
  }
  await db.insertTicks(pair, [], { gaps: [gap] })
  await db.cleanupPair(pair)
}

const counts: Readonly<Record<string, number>> = {
  'pairduck_ticks_total{outcome="inserted"}': 20,
  'pairduck_ticks_total{outcome="late"}': 1,
  'pairduck_gaps_total{state="open"}': 1,
  pairduck_commits_total: 2,
  pairduck_commit_seconds_count: 2,
  pairduck_pending_ticks: 0,
  pairduck_pairs: 1,
}

it('gives Prometheus what the store does and is', async () => {
  const db = await openManager()
  const url = await served(db)
  await work(db)
  await fetch(`${url}/health`)
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))] as const
      }),
  )
  expect(Object.fromEntries(lines)).toMatchObject(counts)
  expect(lines.get('pairduck_file_bytes{file="database"}')).toBeGreaterThan(10_000)
  expect(lines.get('pairduck_resident_memory_bytes')).toBeGreaterThan(2 ** 20)
  expect(lines.has('pairduck_event_loop_delay_seconds{quantile="0.99"}')).toBe(true)
  expect(lines.get('pairduck_http_request_seconds_count{route="/health",status="200"}')).toBe(1)
})

it('gives OpenTelemetry the same', async () => {
  const db = await openManager()
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => provider.shutdown())
  const end = observe(provider.getMeter('pairduck'), db)
  await db.insertTicks('x/spot/OTEL', someTicks(7))
  end()
  await db.insertTicks('x/spot/OTEL', someTicks(7, { first: 100 }))
  await reader.forceFlush()
  const points = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [descriptor.name, attributes, value] as const),
    )
  expect(points).toContainEqual(['pairduck_ticks_total', { outcome: 'inserted' }, 7])
  expect(points).toContainEqual(['pairduck_pending_ticks', {}, 0])
  expect(points.map(([name]) => name)).toContain('pairduck_commit_seconds')
})
