import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePair } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import { countArgument, positiveArgument } from '../arguments.ts'
import type { AddCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { ingestMarket, type MarketIngest } from '../demo/ingest-market.ts'
import { demoAnalytics, ingestLines, retentionLines, summaryLines } from '../demo/demo-report.ts'
import { countText } from '../figures.ts'
import { pairBytes, withManager, type Manager } from '../manager.ts'
import { startProgress } from '../progress.ts'

interface DemoOptions {
  readonly dataDir?: string
  readonly json: boolean
  readonly seed: string
  readonly pairs: number
  readonly minutes: number
  readonly rate: number
}

const symbols = [
  'BTCUSDT',
  'ETHUSDT',
  'SOLUSDT',
  'XRPUSDT',
  'DOGEUSDT',
  'BTC/EUR',
  'ETH/BTC',
  'AVAXUSDT',
]

export const addDemoCommand: AddCommand = (program, context) => {
  program
    .command('demo')
    .option('--data-dir <folder>', 'keep the files here (default: a temporary folder)')
    .option('--json', 'one JSON document on stdout, for programs', false)
    .option('--seed <text>', 'another seed, another market', 'pairduck')
    .option('--pairs <count>', 'how many pairs trade', countArgument, 6)
    .option('--minutes <count>', 'how long the market runs', positiveArgument, 60)
    .option('--rate <ticks>', 'mean trades of a pair in a second', positiveArgument, 20)
    .action(async (options: DemoOptions) => {
      const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'pairduck-demo-')))
      try {
        await withManager({ dataDir, terminal: context.terminal }, (db) =>
          runDemo(db, options, context),
        )
      } finally {
        if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
      }
    })
}

async function runDemo(db: Manager, options: DemoOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context
  const ingest = await ingestWithProgress(db, options, context)
  if (!options.json) terminal.print(ingestLines(ingest, terminal).join('\n'))
  const { pair } = ingest.pairs[0]!
  const query = <Row>(value: Query<Row>): Promise<Row[]> => db.query(pair, value, { signal })
  const analytics = await demoAnalytics({ pair, db, query, terminal })
  if (!options.json) terminal.print(analytics.lines().join('\n'))
  // Files that the user wants to keep stay whole; the temporary ones show what retention does.
  const bytes = await bytesOf(db, ingest)
  const cleanup =
    options.dataDir === undefined
      ? await db.cleanupAllPairs({ now: 'newest-tick', signal })
      : undefined
  if (options.json)
    terminal.printJson({
      seed: options.seed,
      ...ingest,
      analytics: analytics.json,
      cleanup: cleanup ?? null,
    })
  else {
    const { ticksPerSecond, pairs } = ingest
    const ticks = pairs.reduce((sum, { inserted }) => sum + inserted, 0)
    terminal.print(
      [
        ...retentionLines(cleanup),
        ...summaryLines({ ticks, ticksPerSecond, pairs: pairs.length, bytes }, terminal),
        nextLine(pair, options),
      ].join('\n'),
    )
  }
}

async function bytesOf(db: Manager, { pairs }: MarketIngest): Promise<number> {
  const sizes = await Promise.all(pairs.map(({ pair }) => pairBytes(db.dataDir, parsePair(pair))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function nextLine(pair: string, { dataDir }: DemoOptions): string {
  return dataDir === undefined
    ? 'the files are deleted now; `pairduck demo --data-dir demo-data` keeps them to play with'
    : `now try: pairduck candles ${pair} --data-dir ${dataDir} --svg candles.svg`
}

async function ingestWithProgress(
  db: Manager,
  { seed, pairs, minutes, rate, json }: DemoOptions,
  { terminal, signal, now }: CliContext,
): Promise<MarketIngest> {
  const durationMs = minutes * 60_000
  // Up to the last full minute: the newest bar is whole, and a look back from now finds it.
  const from = Math.floor((now() - durationMs) / 60_000) * 60_000
  const names = Array.from({ length: pairs }, (_, index) => pairName(index))
  if (!json)
    terminal.print(
      `${minutes} minutes of a simulated market on ${pairs} pairs, about ${rate} trades a second each, seed "${seed}"`,
    )
  const progress = startProgress(terminal, durationMs, {
    format: 'storing {bar} {percentage} %  {ticks} ticks  {rate}/s  {eta_formatted} left',
    figures: { ticks: '0', rate: '0' },
  })
  const started = performance.now()
  try {
    return await ingestMarket(
      db,
      { pairs: names, from, durationMs, seed, ticksPerSecond: rate },
      {
        signal,
        onBatch: (untilMs, ticks) => {
          const seconds = (performance.now() - started) / 1_000
          progress.update(untilMs - from, {
            ticks: countText(ticks),
            rate: countText(Math.round(ticks / seconds)),
          })
        },
      },
    )
  } finally {
    progress.stop()
  }
}

function pairName(index: number): string {
  const round = Math.floor(index / symbols.length)
  return `demo/spot/${symbols[index % symbols.length]}${round > 0 ? `-${round + 1}` : ''}`
}
