import type { PairduckEvents } from '../../storage/events/events.ts'
import type { MetricSink } from './metric-sink.ts'

/** Calls a listener for each event of a name; what it gives ends that. */
export type Listen = <Name extends keyof PairduckEvents>(
  name: Name,
  listener: (event: PairduckEvents[Name][0]) => void,
) => () => void

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** What a store's events tell, as metrics; they count from now on. What it gives ends it. */
export function countEvents(sink: MetricSink, listen: Listen): () => void {
  const ends = [...countTicks(sink, listen), ...countUpkeep(sink, listen)]
  return () => {
    for (const end of ends) end()
  }
}

function countTicks(sink: MetricSink, listen: Listen): (() => void)[] {
  const ticks = sink.counter('pairduck_ticks_total', 'Ticks by what became of them.', ['outcome'])
  const commits = sink.counter('pairduck_commits_total', 'Durable commits of ticks.')
  const perCommit = sink.histogram(
    'pairduck_commit_ticks',
    'Ticks of a commit.',
    [1, 10, 100, 1000, 10_000, 100_000],
  )
  const latency = sink.histogram(
    'pairduck_commit_seconds',
    'How long ticks wait until they are durable: the first of each commit.',
    seconds,
  )
  const age = sink.histogram(
    'pairduck_newest_tick_age_seconds',
    'How old the newest tick of a commit is when it is durable.',
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600],
  )
  const holes = sink.counter('pairduck_gaps_total', 'Holes noted, by their state.', ['state'])
  return [
    listen('ticksStored', ({ counts, newest, tookMs }) => {
      for (const outcome of ['inserted', 'duplicates', 'conflicts', 'expired', 'late'] as const)
        ticks(counts[outcome], { outcome })
      commits(1)
      perCommit(counts.inserted)
      latency(tookMs / 1000)
      age(Math.max(0, (Date.now() - newest) / 1000))
    }),
    listen('gapsStored', ({ gaps }) => {
      for (const { state } of gaps) holes(1, { state })
    }),
  ]
}

function countUpkeep(sink: MetricSink, listen: Listen): (() => void)[] {
  const cleanups = sink.histogram(
    'pairduck_cleanup_seconds',
    'Duration of cleanup passes.',
    [0.01, 0.1, 1, 10, 100],
  )
  const deleted = sink.counter('pairduck_rows_deleted_total', 'Rows that retention deleted.', [
    'relation',
  ])
  const opened = sink.counter('pairduck_pairs_opened_total', 'Pair files opened.')
  const evicted = sink.counter('pairduck_pairs_evicted_total', 'Pair files closed, and why.', [
    'reason',
  ])
  const errors = sink.counter('pairduck_errors_total', 'Errors told as events.')
  return [
    listen('cleanupDone', ({ results, tookMs }) => {
      cleanups(tookMs / 1000)
      for (const result of results)
        for (const [relation, rows] of Object.entries(result.deleted)) deleted(rows, { relation })
    }),
    listen('pairOpened', () => opened(1)),
    listen('pairEvicted', ({ reason }) => evicted(1, { reason })),
    listen('error', () => errors(1)),
  ]
}
