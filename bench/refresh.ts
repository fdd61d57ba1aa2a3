/** Keeping the analytics of a hundred pairs: with nothing new, and with a minute of ticks each. */
import { DatabaseManager, query } from '../src/index.ts'
import { interleave, median } from './harness/interleave.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades, pairNames, tickSpacingMs } from './storage/trades.ts'

const pairs = pairNames(100)
const minute = 60_000
const start = Date.UTC(2026, 0, 5, 12)
const ticksPerMinute = minute / tickSpacingMs

export async function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (dataDir) => {
    let now = start + 15 * minute
    const db = await DatabaseManager.open({ dataDir, clock: () => now, idleCloseMs: 3_600_000 })
    for (const pair of pairs) {
      await db.insertTicks(pair, makeTrades(15 * ticksPerMinute, start))
      await db.refreshAnalytics(pair)
    }
    const count = query<{ n: number }>('n', 'SELECT count(*) AS n FROM pairduck_marks')
    const storing: number[] = []
    const { idle, reading, busy } = await interleave(
      {
        reading: () => timed((pair) => db.query(pair, count)),
        idle: () => timed((pair) => db.refreshAnalytics(pair)),
        busy: async () => {
          now += minute
          const trades = makeTrades(ticksPerMinute, now - minute, { from: now })
          storing.push(await timed((pair) => db.insertTicks(pair, trades)))
          return timed((pair) => db.refreshAnalytics(pair))
        },
      },
      { rounds: 5 },
    )
    await db.close()
    return [
      {
        name: 'refresh 100 pairs with nothing new',
        value: idle,
        unit: 'ms',
        comparedWith: `one small query on each of them: ${reading.toFixed(0)} ms`,
        ratio: idle / reading,
      },
      {
        name: `refresh 100 pairs with a minute of ticks (${ticksPerMinute}) each`,
        value: busy,
        unit: 'ms',
        comparedWith: `storing those ticks: ${median(storing).toFixed(0)} ms`,
        ratio: busy / median(storing),
      },
    ]
  })
}

async function timed(work: (pair: string) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  for (const pair of pairs) await work(pair)
  return performance.now() - startedAt
}
