/** How much of the event loop 20,000 ticks a second over 100 pairs take, in calls of one tick. */
import { DatabaseManager, type Tick } from '../src/index.ts'
import { eventLoopDuring, type EventLoopLoad } from './harness/event-loop.ts'
import { median } from './harness/interleave.ts'
import { collectGarbage } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades, pairNames } from './storage/trades.ts'

const pairs = 100
const ticksPerSecond = 20_000
const seconds = 5
const rounds = 3
const tickMs = 5

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const db = await DatabaseManager.open({ dataDir: folder, idleCloseMs: 600_000 })
    try {
      return await compare(db)
    } finally {
      await db.close()
    }
  })
}

async function compare(db: DatabaseManager): Promise<readonly BenchRow[]> {
  const idle: EventLoopLoad[] = []
  const loaded: EventLoopLoad[] = []
  const ticks = seconds * ticksPerSecond
  for (let round = 0; round <= rounds; round++) {
    // Made beforehand: only sending and storing them is measured.
    const from = round * ticks
    const trades = makeTrades(ticks, Date.now(), { spacingMs: 1000 / ticksPerSecond, from })
    await collectGarbage()
    const resting = await eventLoopDuring(() => new Promise((done) => setTimeout(done, 2000)))
    const feeding = await eventLoopDuring(() => feed(db, trades))
    // The first round opens the pairs.
    if (round === 0) continue
    idle.push(resting)
    loaded.push(feeding)
  }
  const idleUse = medianOf(idle, 'utilisation')
  return [
    {
      name: '20,000 ticks/s over 100 pairs, calls of 1: utilisation',
      value: medianOf(loaded, 'utilisation'),
      unit: 'of 1',
      comparedWith: `the same loop idle: ${idleUse.toFixed(3)}`,
      ratio: medianOf(loaded, 'utilisation') / Math.max(idleUse, 0.001),
      target: { atMost: 0.3, of: 'value' },
    },
    {
      name: '20,000 ticks/s over 100 pairs, calls of 1: p99 delay',
      value: medianOf(loaded, 'p99Ms'),
      unit: 'ms',
      comparedWith: `the same loop idle: ${medianOf(idle, 'p99Ms').toFixed(2)} ms`,
      ratio: medianOf(loaded, 'p99Ms') / medianOf(idle, 'p99Ms'),
      target: { atMost: 3 },
    },
  ]
}

function medianOf(loads: readonly EventLoopLoad[], figure: keyof EventLoopLoad): number {
  return median(loads.map((load) => load[figure]))
}

/** Sends one-tick calls at the rate, to the pairs in turn, and resolves when all are durable. */
async function feed(db: DatabaseManager, trades: readonly Tick[]): Promise<void> {
  const names = pairNames(pairs)
  const inFlight: Promise<unknown>[] = []
  const startedAt = performance.now()
  while (inFlight.length < trades.length) {
    // What was due while the loop was held up is sent now, as an exchange's socket would.
    const due = ((performance.now() - startedAt) / 1000) * ticksPerSecond
    while (inFlight.length < Math.min(trades.length, due)) {
      const at = inFlight.length
      inFlight.push(db.insertTicks(names[at % pairs]!, [trades[at]!]))
    }
    await new Promise((next) => setTimeout(next, tickMs))
  }
  await Promise.all(inFlight)
}
