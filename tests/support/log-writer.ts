import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatabaseManager, type Tick } from '../../src/index.ts'

/** The pair of a number. */
export function logPair(index: number): string {
  return `log/spot/P${index}`
}

export const logStart: number = Date.UTC(2024, 7, 8, 12)

/** The n-th tick of a pair: every third has no id, some come late; no two have one price. */
export function logTick(index: number, n: number): Tick {
  const late = n % 11 === 10 ? 90_000 : 0
  return {
    timestamp: logStart + n * 700 - late,
    price: 1000 + index * 100_000 + n,
    volume: 1 + (n % 7),
    side: n % 2 === 0 ? 'BUY' : 'SELL',
    ...(n % 3 === 0 ? {} : { tradeId: `${index}-${n}` }),
  }
}

/** What the process is told by a line of its standard input. */
export interface LogOrder {
  readonly dataDir: string
  readonly seed: number
  /** Per pair the first tick to send. */
  readonly next: readonly number[]
  /** Ticks of a call, at most. */
  readonly most: number
  /** Ends after opening: only what the dead left is brought in. */
  readonly onlyRecovers?: boolean
}

/** Writes to many pairs until it is killed; says `pair from to` for each call that was acknowledged. */
async function main({ dataDir, seed, next: first, most, onlyRecovers }: LogOrder): Promise<void> {
  writeSync(1, 'begun\n')
  const store = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
  writeSync(1, 'open\n')
  if (onlyRecovers === true) {
    await store.close()
    process.exit()
  }
  const next = [...first]
  const random = lottery(seed)
  await Promise.all(next.flatMap((_, index) => [write(index), write(index)]))

  async function write(index: number): Promise<void> {
    for (;;) {
      const from = next[index]!
      const to = (next[index] = from + 1 + Math.floor(random() * most))
      const ticks = Array.from({ length: to - from }, (_, k) => logTick(index, from + k))
      await store.insertTicks(logPair(index), ticks)
      writeSync(1, `${index} ${from} ${to}\n`)
      if (random() < 0.02) await store.cleanupPair(logPair(index), { now: logStart })
    }
  }
}

function lottery(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** It is started ahead, and told what to do by its first line. */
if (process.argv[2] === 'write')
  createInterface(process.stdin).once('line', (line) => void main(JSON.parse(line) as LogOrder))
