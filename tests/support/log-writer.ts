import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatabaseManager, type InsertRows, type RowCounts, type Tick } from '../../src/index.ts'

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

/** So many versions of a row come one after the other. */
export const rowVersions = 10

/** The n-th version of all rows of a pair: a candle that no tick has a part in. */
export function logCandle(n: number): InsertRows['candles'] {
  const prices = { open: 1, high: 1, low: 1, close: 1 }
  return { timestamp: rowTime(n), ...prices, volume: n }
}

/** The same of another table. */
export function logFlow(n: number): InsertRows['order_flow'] {
  const timestamp = rowTime(n)
  const volumes = { delta: 1, buyVolume: 1, sellVolume: 0, imbalanceRatio: null }
  return { timestamp, timeframe: '5m', cvd: n, ...volumes, knownAt: timestamp + 300_000 }
}

function rowTime(n: number): number {
  return logStart - 86_400_000 * 30 + Math.floor(n / rowVersions) * 300_000
}

/** What the process is told by a line of its standard input. */
export interface LogOrder {
  readonly dataDir: string
  readonly seed: number
  /** Per pair the first tick to send. */
  readonly next: readonly number[]
  /** Per pair the first version of a row to send. */
  readonly nextRow: Readonly<Record<RowKind, readonly number[]>>
  /** Ticks of a call, at most. */
  readonly most: number
  /** Ends after opening: only what the dead left is brought in. */
  readonly onlyRecovers?: boolean
  /** Files that may be open at once. */
  readonly places?: number
}

/** What is not looked at is kept. */
export const logRetention = {
  ticks: 'forever',
  candles_5m: 'forever',
  order_flow: 'forever',
} as const

/**
 * Writes to many pairs until it is killed; says `pair from to` for each call that was acknowledged,
 * of rows `pair candle version` and `pair flow version`.
 */
async function main(order: LogOrder): Promise<void> {
  const { dataDir, seed, next: first, nextRow, most, onlyRecovers, places } = order
  writeSync(1, 'begun\n')
  const store = await DatabaseManager.open({
    dataDir,
    retention: logRetention,
    ...(places !== undefined && { maxConnections: places, acquireTimeoutMs: 60_000 }),
  })
  writeSync(1, 'open\n')
  if (onlyRecovers === true) {
    await store.close()
    process.exit()
  }
  const next = [...first]
  const random = lottery(seed)
  await Promise.all(
    next.flatMap((_, index) => [
      write(index),
      write(index),
      writeRows(index, 'candle', (pair, n) => store.insertCandles(pair, '5m', [logCandle(n)])),
      writeRows(index, 'flow', (pair, n) => store.insertOrderFlow(pair, [logFlow(n)])),
    ]),
  )

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

  async function writeRows(
    index: number,
    kind: RowKind,
    send: (pair: string, n: number) => Promise<RowCounts>,
  ): Promise<void> {
    for (let n = nextRow[kind][index]!; ; n++) {
      const { inserted } = await send(logPair(index), n)
      // Each version but a row's first replaces the one before.
      if (inserted !== (n % rowVersions === 0 ? 1 : 0))
        throw new Error(`${kind} ${n} of pair ${index}: inserted ${inserted}`)
      writeSync(1, `${index} ${kind} ${n}\n`)
    }
  }
}

/** Rows of other tables than the ticks that a writer sends. */
export type RowKind = 'candle' | 'flow'

function lottery(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** It is started ahead, and told what to do by its first line. */
if (process.argv[2] === 'write')
  createInterface(process.stdin).once('line', (line) => void main(JSON.parse(line) as LogOrder))
