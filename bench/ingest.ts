/** Writing the ticks of 100 pairs at once, 64 callers at each pair awaiting their calls. */
import PQueue from 'p-queue'
import { DatabaseManager, type Tick } from '../src/index.ts'
import { interleave } from './harness/interleave.ts'
import { collectGarbage } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { BareEngine } from './storage/bare-engine.ts'
import { letCallersRun } from './storage/callers.ts'
import { NaiveWriter } from './storage/naive-writer.ts'
import { RawAppender, RawTrades } from './storage/raw-appender.ts'
import { cutIntoCalls, makeTrades, pairNames, tickSpacingMs } from './storage/trades.ts'

const pairs = 100
const callersPerPair = 64
const rounds = 3
/** As many commits at once as pairduck allows itself on Node's default pool of four threads. */
const commitsAtOnce = 3

/** Calls per pair and round: enough for a second or so, and no more for the slow side. */
const sizes = [
  { callSize: 1, calls: 1280, naiveCalls: 64, naivePairs: 100 },
  { callSize: 10, calls: 640, naiveCalls: 16, naivePairs: 100 },
  { callSize: 100, calls: 192, naiveCalls: 2, naivePairs: 100 },
  { callSize: 1000, calls: 64, naiveCalls: 1, naivePairs: 20 },
]

export async function run(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = []
  for (const size of sizes) rows.push(...(await inScratchFolder((folder) => compare(folder, size))))
  return rows
}

/** Three sides, each with its own hundred files, in turn; all figures are ticks per second. */
async function compare(folder: string, size: (typeof sizes)[number]): Promise<readonly BenchRow[]> {
  const { callSize, calls, naiveCalls, naivePairs } = size
  const ticks = callSize * calls
  const allTicks = ticks * (rounds + 1)
  const trades = makeTrades(allTicks, Date.now() - allTicks * tickSpacingMs)
  const store = await openStore(`${folder}/store`)
  const naive = await openNaive(`${folder}/naive-`, naivePairs)
  const bare = await openBare(`${folder}/bare-`, new RawTrades(trades))
  // Every round takes the next stretch of the trades, as a live stream brings them.
  const next = { store: 0, naive: 0, bare: 0 }
  const stretch = (side: keyof typeof next, length: number): readonly Tick[][] =>
    cutIntoCalls(trades.slice(next[side], (next[side] += length)), callSize)
  let ticksPerCommit = callSize
  const rate = await interleave(
    {
      store: async () => {
        const stretchCalls = stretch('store', ticks)
        await collectGarbage()
        const { ms, commits } = await store.write(stretchCalls)
        ticksPerCommit = Math.round((ticks * pairs) / commits)
        return (ticks * pairs * 1000) / ms
      },
      naive: async () => {
        const ms = await naive.write(stretch('naive', naiveCalls * callSize))
        return (naiveCalls * callSize * naivePairs * 1000) / ms
      },
      bare: async () => {
        const ms = await bare.write(next.bare, (next.bare += ticks), ticksPerCommit)
        return (ticks * pairs * 1000) / ms
      },
    },
    { rounds },
  )
  await Promise.all([store.close(), naive.close(), bare.close()])

  const name = `100 pairs, calls of ${callSize.toLocaleString('en')}`
  return [
    {
      name,
      value: rate.store,
      unit: 'ticks/s',
      comparedWith: `a prepared INSERT per tick, a commit per call: ${told(rate.naive)}`,
      ratio: rate.store / rate.naive,
      ...(callSize === 1 ? { target: { atLeast: 30 } } : {}),
    },
    {
      name,
      value: rate.store,
      unit: 'ticks/s',
      comparedWith: `bare engine, ready vectors through an appender, ${ticksPerCommit.toLocaleString('en')} ticks per commit as here: ${told(rate.bare)}`,
      ratio: rate.store / rate.bare,
      ...(callSize === 1000 ? { target: { atLeast: 0.5 } } : {}),
    },
  ]
}

function told(ticksPerSecond: number): string {
  return `${Math.round(ticksPerSecond).toLocaleString('en')} ticks/s`
}

interface Store {
  write(calls: readonly Tick[][]): Promise<{ ms: number; commits: number }>
  close(): Promise<void>
}

async function openStore(dataDir: string): Promise<Store> {
  const db = await DatabaseManager.open({
    dataDir,
    idleCloseMs: 3_600_000,
    maxPendingTicks: 1_000_000,
    maxPendingTicksTotal: 10_000_000,
  })
  const names = pairNames(pairs)
  let commits = 0
  db.on('ticksStored', () => commits++)
  return {
    write: async (calls) => {
      commits = 0
      const ms = await letCallersRun(pairs, callersPerPair, calls, (pair, call) =>
        db.insertTicks(names[pair]!, call),
      )
      return { ms, commits }
    },
    close: () => db.close(),
  }
}

async function openNaive(
  prefix: string,
  naivePairs: number,
): Promise<{ write(calls: readonly Tick[][]): Promise<number>; close(): Promise<void> }> {
  const engine = await BareEngine.open(prefix, naivePairs)
  const writers = await Promise.all(engine.connections.map((each) => NaiveWriter.on(each)))
  return {
    write: (calls) =>
      letCallersRun(naivePairs, callersPerPair, calls, (pair, call) => writers[pair]!.insert(call)),
    close: async () => engine.close(),
  }
}

async function openBare(
  prefix: string,
  raw: RawTrades,
): Promise<{
  write(from: number, to: number, ticksPerCommit: number): Promise<number>
  close(): Promise<void>
}> {
  const engine = await BareEngine.open(prefix, pairs)
  const appenders = engine.connections.map((each) => new RawAppender(each))
  const queue = new PQueue({ concurrency: commitsAtOnce })
  return {
    write: async (from, to, ticksPerCommit) => {
      const startedAt = performance.now()
      await Promise.all(
        appenders.map(async (appender) => {
          for (let row = from; row < to; row += ticksPerCommit)
            await queue.add(() => appender.commit(raw, row, Math.min(row + ticksPerCommit, to)))
        }),
      )
      return performance.now() - startedAt
    },
    close: async () => engine.close(),
  }
}
