/**
 * What a pair of many ticks costs beside one of few: the same calls and questions, the same answers'
 * size. 10,000 ticks of 90 ms are 15 minutes, so that a question about the last 15 reads as much of both.
 */
import { DatabaseManager, type Tick } from '../src/index.ts'
import { calculateCvdQuery } from '../src/queries/index.ts'
import { interleave } from './harness/interleave.ts'
import type { BenchGroup, BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades } from './storage/trades.ts'

const spacingMs = 90
const windowMs = 15 * 60_000
/** Older than any tick here, so that nothing is due. */
const yearMs = 365 * 86_400_000
const few = 10_000
/** Trades made at a time, so that ten million of them are never in memory. */
const stretch = 100_000
const callSize = 10
const callsAtOnce = 64
const rounds = 15

interface Grown {
  readonly pair: string
  readonly newest: number
  readonly stored: number
  /** Calls that came after those. */
  calls: number
}

export const run: BenchGroup = ({ full }) => {
  const many = full ? 10_000_000 : 1_000_000
  return inScratchFolder(async (dataDir) => {
    const db = await DatabaseManager.open({ dataDir, retention: { ticks: yearMs } })
    try {
      const newest = Date.now() - 60_000
      const small = await grow(db, { pair: 'bench/spot/FEW', count: few, newest })
      const large = await grow(db, { pair: 'bench/spot/MANY', count: many, newest })
      return await compare(db, small, large, many)
    } finally {
      await db.close()
    }
  })
}

async function grow(
  db: DatabaseManager,
  { pair, count, newest }: { pair: string; count: number; newest: number },
): Promise<Grown> {
  const start = newest - count * spacingMs
  for (let from = 0; from < count; from += stretch) {
    const length = Math.min(stretch, count - from)
    await db.insertTicks(pair, makeTrades(length, start + from * spacingMs, { spacingMs, from }))
  }
  // What the first cleanup of a pair finds to do is no work of a pass with nothing due.
  await db.cleanupPair(pair)
  return { pair, newest, stored: count, calls: 0 }
}

async function compare(
  db: DatabaseManager,
  small: Grown,
  large: Grown,
  many: number,
): Promise<readonly BenchRow[]> {
  const cvd = calculateCvdQuery({ from: small.newest - windowMs, to: small.newest })
  const works: Readonly<Record<string, (side: Grown) => Promise<unknown>>> = {
    [`${callsAtOnce} calls of ${callSize} ticks at once`]: (side) => insert(db, side),
    'the last 15 candles of 1m': ({ pair }) => db.lastCandles(pair, '1m', 15),
    'CVD of the last 15 minutes': ({ pair }) => db.query(pair, cvd),
    'a cleanup with nothing due': ({ pair }) => db.cleanupPair(pair, { dueOnly: true }),
  }
  const rows: BenchRow[] = []
  for (const [name, work] of Object.entries(works)) {
    const ms = await interleave(
      {
        small: async () => void (await work(small)),
        large: async () => void (await work(large)),
      },
      { rounds, warmups: 3 },
    )
    rows.push({
      name: `${name}, ${many.toLocaleString('en')} ticks`,
      value: ms.large,
      unit: 'ms',
      comparedWith: `the same of a pair of ${few.toLocaleString('en')} ticks: ${ms.small.toFixed(2)} ms`,
      ratio: ms.large / ms.small,
      target: { atMost: 1.5 },
    })
  }
  return rows
}

async function insert(db: DatabaseManager, side: Grown): Promise<void> {
  const calls = Array.from({ length: callsAtOnce }, () => nextCall(side))
  await Promise.all(calls.map((call) => db.insertTicks(side.pair, call)))
}

/** A call is of one millisecond, the next one after that. */
function nextCall(side: Grown): Tick[] {
  const from = side.stored + side.calls * callSize
  return makeTrades(callSize, side.newest + side.calls++, { spacingMs: 0, from })
}
