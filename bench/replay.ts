/** A day replayed at one minute with five analytics a bar: does the last hour cost what the first did? */
import {
  calculateCvdQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  calculateOrderFlowImbalanceQuery,
  calculateVwapQuery,
  DatabaseManager,
} from '../src/index.ts'
import { replay, type ReplayedBar } from '../src/record/index.ts'
import { median } from './harness/interleave.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { cutIntoCalls, makeTrades } from './storage/trades.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 0, 5)
const trades = 400_000
const pair = 'binance/spot/BTCUSDT'

export async function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (dataDir) => {
    const db = await DatabaseManager.open({ dataDir, retention: 'forever' })
    // An hour more before, so that the first look-back is as full as the last.
    const made = makeTrades(trades, start - hour, { spacingMs: Math.floor((25 * hour) / trades) })
    for (const call of cutIntoCalls(made, 20_000)) await db.insertTicks(pair, call)
    const first: number[] = []
    const last: number[] = []
    // Both ends in turn, so that what else the machine does falls on both.
    for (let round = 0; round < 3; round++) {
      first.push(await timed(db, start))
      last.push(await timed(db, start + 23 * hour))
    }
    await db.close()
    return [
      {
        name: 'replay: the last hour of a day at 1m, five analytics a bar',
        value: median(last) / 60,
        unit: 'ms a bar',
        comparedWith: `the first hour: ${(median(first) / 60).toFixed(2)} ms`,
        ratio: median(last) / median(first),
        target: { atMost: 1.2 },
      },
    ]
  })
}

async function timed(db: DatabaseManager, from: number): Promise<number> {
  const startedAt = performance.now()
  for await (const bar of replay(db, pair, { timeframe: '1m', from, to: from + hour }))
    await analytics(bar)
  return performance.now() - startedAt
}

async function analytics({ query }: ReplayedBar): Promise<void> {
  const lookbackMinutes = 15
  await query(calculateCvdQuery, { lookbackMinutes })
  await query(calculateVwapQuery, { lookbackMinutes })
  await query(calculateOrderFlowImbalanceQuery, { lookbackMinutes })
  await query(calculateMarketProfileQuery, { lookbackMinutes, binSize: 10 })
  await query(calculateFootprintQuery, { lookbackMinutes, timeframe: '1m', binSize: 10 })
}
