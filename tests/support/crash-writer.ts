import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatabaseManager } from '../../src/index.ts'
import { rowGroupRows } from '../../src/storage/duckdb/engine.ts'
import { sequenceTick } from './tick-sequence.ts'

/** What the process is told on its first line of standard input. */
export interface CrashOrder {
  readonly dataDir: string
  readonly seed: number
  readonly retention: Record<string, number | 'forever'>
  /** Per pair the first tick to send. */
  readonly next: readonly number[]
}

/** The pair of a number. */
export function crashPair(index: number): string {
  return `crash/spot/P${index}`
}

const callersPerPair = 2

/**
 * Writes sequences of ticks to many pairs through few connections until it is killed, and says
 * `pair from to` on standard output for each call that was acknowledged.
 */
async function main(): Promise<void> {
  const [line] = await once()
  const order = JSON.parse(line) as CrashOrder
  const store = await DatabaseManager.open({
    dataDir: order.dataDir,
    maxConnections: 3,
    retention: order.retention,
  })
  store.on('error', ({ error }) => {
    throw error
  })
  const next = [...order.next]
  const random = lottery(order.seed)
  await Promise.all(
    next.flatMap((_, index) => Array.from({ length: callersPerPair }, () => write(index))),
  )

  async function write(index: number): Promise<void> {
    for (let calls = 1; ; calls++) {
      const from = next[index]!
      const to = (next[index] = from + callLength(index))
      const ticks = Array.from({ length: to - from }, (_, k) => sequenceTick(index, from + k))
      const { conflicts, expired } = await store.insertTicks(crashPair(index), ticks)
      if (conflicts + expired > 0) throw new Error(`${conflicts} conflicts, ${expired} expired`)
      writeSync(1, `${index} ${from} ${to}\n`)
      if (calls % 5 === 0) await store.cleanupPair(crashPair(index), { now: 'newest-tick' })
    }
  }

  /** Now and then more than a row group, which the engine writes into the file and not into the WAL. */
  function callLength(index: number): number {
    if (index === 0 && random() < 0.1) return rowGroupRows + 60
    return 1 + Math.floor(random() * 60)
  }
}

function once(): Promise<[string]> {
  return new Promise((resolve) => {
    createInterface(process.stdin).once('line', (line) => resolve([line]))
  })
}

function lottery(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

if (process.argv[2] === 'write') await main()
