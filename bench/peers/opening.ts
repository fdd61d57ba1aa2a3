/** Opening and closing a pair beside what the engine alone takes for the same file. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { DatabaseManager } from '../../src/index.ts'
import { interleave, median } from '../harness/interleave.ts'
import type { BenchRow } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { makeTrades, pairNames } from '../storage/trades.ts'

const pairs = pairNames(40)
const ticksPerPair = 5000
const rounds = 5

export function opening(): Promise<BenchRow[]> {
  return inScratchFolder(async (folder) => {
    // As they are in use: files that this process or another one has closed in order, and no copies.
    const [ours, engine] = [join(folder, 'ours'), join(folder, 'engine')]
    for (const dataDir of [ours, engine]) await makePairs(dataDir)
    const opened = { ours: [] as number[], engine: [] as number[] }
    let round = 0
    const closed = await interleave(
      {
        ours: async () => {
          const { openMs, closeMs } = await openAndClose(ours, ++round)
          opened.ours.push(openMs)
          return closeMs
        },
        engine: async () => {
          const { openMs, closeMs } = await attachAndDetach(engine)
          opened.engine.push(openMs)
          return closeMs
        },
      },
      { rounds },
    )
    return [
      row(
        'open a pair',
        median(opened.ours),
        `ATTACH: ${median(opened.engine).toFixed(2)} ms`,
        median(opened.engine),
      ),
      row(
        'close a pair that was written to',
        closed.ours,
        `INSERT, CHECKPOINT + DETACH: ${closed.engine.toFixed(2)} ms`,
        closed.engine,
      ),
    ]
  })
}

function row(name: string, ms: number, told: string, engineMs: number): BenchRow {
  return {
    name: `${name} (${ticksPerPair.toLocaleString('en')} ticks)`,
    value: ms,
    unit: 'ms',
    comparedWith: `the bare engine's ${told}`,
    ratio: ms / engineMs,
    target: { atMost: 2 },
  }
}

async function makePairs(dataDir: string): Promise<void> {
  const db = await DatabaseManager.open({ dataDir, retention: 'forever' })
  const trades = makeTrades(ticksPerPair, Date.now() - 3_600_000)
  for (const pair of pairs) await db.insertTicks(pair, trades)
  await db.close()
}

/** The medians of a pair. */
interface Times {
  readonly openMs: number
  readonly closeMs: number
}

const since = Date.now() - 60_000

async function openAndClose(dataDir: string, round: number): Promise<Times> {
  const db = await DatabaseManager.open({ dataDir, idleCloseMs: 3_600_000 })
  const opened: number[] = []
  for (const pair of pairs) {
    const startedAt = performance.now()
    await db.withConnection(pair, async () => undefined)
    opened.push(performance.now() - startedAt)
  }
  // So that each has something to be written when it is closed.
  const one = makeTrades(1, since + round, { from: ticksPerPair + round })
  for (const pair of pairs) await db.insertTicks(pair, one)
  const startedAt = performance.now()
  await db.close()
  return { openMs: median(opened), closeMs: (performance.now() - startedAt) / pairs.length }
}

async function attachAndDetach(dataDir: string): Promise<Times> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const opened: number[] = []
  for (const [index, pair] of pairs.entries()) {
    const file = join(dataDir, pair, 'trading.duckdb')
    const startedAt = performance.now()
    await connection.run(`ATTACH '${file}' AS p${index} (STORAGE_VERSION 'v1.5.0')`)
    opened.push(performance.now() - startedAt)
  }
  const startedAt = performance.now()
  for (const index of pairs.keys()) {
    await connection.run(`INSERT INTO p${index}.ticks SELECT now()::TIMESTAMP, 1, 1, 'BUY', 'x'`)
    await connection.run(`CHECKPOINT p${index}`)
    await connection.run(`DETACH p${index}`)
  }
  const closeMs = (performance.now() - startedAt) / pairs.length
  connection.closeSync()
  instance.closeSync()
  return { openMs: median(opened), closeMs }
}
