/** 5,000 pairs through 200 slots: does memory stay where it is? */
import { DatabaseManager } from '../src/index.ts'
import { median } from './harness/interleave.ts'
import { residentMb } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades, pairNames } from './storage/trades.ts'

const slots = 200
const pairs = 5000
/** The C allocator gives pages back in fits and starts: a single sample swings by a third. */
const pairsPerSample = 100

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (dataDir) => {
    const db = await DatabaseManager.open({
      dataDir,
      maxConnections: slots,
      idleCloseMs: 3_600_000,
    })
    const trades = makeTrades(10, Date.now() - 60_000)
    const samples: number[] = []
    const openMs: number[] = []
    const churnMs: number[] = []
    for (const [index, pair] of pairNames(pairs).entries()) {
      const startedAt = performance.now()
      await db.insertTicks(pair, trades)
      ;(index < slots ? openMs : churnMs).push(performance.now() - startedAt)
      if ((index + 1) % pairsPerSample === 0) samples.push(await residentMb())
    }
    await db.close()
    return rows(samples, median(openMs), median(churnMs))
  })
}

function rows(samples: readonly number[], openMs: number, churnMs: number): BenchRow[] {
  const between = (from: number, to: number): number =>
    median(samples.slice(from / pairsPerSample, to / pairsPerSample))
  const early = between(1000, 2000)
  const late = between(4000, 5000)
  return [
    {
      name: '5,000 pairs through 200 slots: memory in the fifth thousand',
      value: late,
      unit: 'MB',
      comparedWith: `the same in the second thousand: ${early.toFixed(0)} MB (medians of ten)`,
      ratio: late / early,
      target: { atMost: 1.1 },
    },
    {
      name: '5,000 pairs through 200 slots: evict, open, store',
      value: churnMs,
      unit: 'ms',
      comparedWith: `open and store, with slots free: ${openMs.toFixed(1)} ms`,
      ratio: churnMs / openMs,
    },
  ]
}
