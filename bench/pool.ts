/** Opening, closing and holding pairs; memory over many more pairs than there are slots. */
import { DatabaseManager } from '../src/index.ts'
import { median } from './harness/interleave.ts'
import { residentMb } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { instancePerFile } from './storage/instance-per-file.ts'
import { makeTrades, pairNames } from './storage/trades.ts'

const slots = 200
const manyPairs = 5000

export async function run(): Promise<readonly BenchRow[]> {
  // First the many pairs, in memory that nothing else has used yet.
  const many = await inScratchFolder(throughSlots)
  const ours = await inScratchFolder(openAndClose)
  const theirs = await inScratchFolder((folder) => instancePerFile(folder, slots))
  return [
    row('open a pair with tables', ours.openMs, theirs.openMs, 'ms'),
    row('close a pair', ours.closeMs, theirs.closeMs, 'ms'),
    {
      ...row(`${slots} pairs open: memory per pair`, ours.mbPerPair, theirs.mbPerPair, 'MB'),
      target: { atMost: 4, of: 'value' },
    },
    {
      name: '5,000 pairs through 200 slots: resident memory',
      value: many.atEndMb,
      unit: 'MB',
      comparedWith: `the same after 1,000 pairs: ${many.afterThousandMb.toFixed(0)} MB`,
      ratio: many.atEndMb / many.afterThousandMb,
      target: { atMost: 1.1 },
    },
    {
      name: '5,000 pairs through 200 slots: each opened, written, evicted',
      value: many.msPerPair,
      unit: 'ms',
      comparedWith: `opening alone, with slots free: ${ours.openMs.toFixed(2)} ms`,
      ratio: many.msPerPair / ours.openMs,
    },
  ]
}

function row(name: string, value: number, other: number, unit: string): BenchRow {
  return {
    name,
    value,
    unit,
    comparedWith: `a DuckDB instance per file: ${other.toFixed(2)} ${unit}`,
    ratio: value / other,
  }
}

async function openAndClose(
  dataDir: string,
): Promise<{ openMs: number; closeMs: number; mbPerPair: number }> {
  const before = await residentMb()
  const db = await DatabaseManager.open({ dataDir, maxConnections: slots, idleCloseMs: 3_600_000 })
  const opened: number[] = []
  for (const pair of pairNames(slots)) {
    const startedAt = performance.now()
    await db.withConnection(pair, async () => undefined)
    opened.push(performance.now() - startedAt)
  }
  for (const pair of pairNames(slots))
    await db.insertTicks(pair, makeTrades(100, Date.now() - 60_000))
  const mbPerPair = ((await residentMb()) - before) / slots
  const startedAt = performance.now()
  await db.close()
  return { openMs: median(opened), closeMs: (performance.now() - startedAt) / slots, mbPerPair }
}

async function throughSlots(
  dataDir: string,
): Promise<{ afterThousandMb: number; atEndMb: number; msPerPair: number }> {
  const db = await DatabaseManager.open({ dataDir, maxConnections: slots, idleCloseMs: 3_600_000 })
  const trades = makeTrades(10, Date.now() - 60_000)
  let afterThousandMb = 0
  let busyMs = 0
  for (const [index, pair] of pairNames(manyPairs).entries()) {
    if (index === 1000) afterThousandMb = await residentMb()
    const startedAt = performance.now()
    await db.insertTicks(pair, trades)
    busyMs += performance.now() - startedAt
  }
  const atEndMb = await residentMb()
  await db.close()
  return { afterThousandMb, atEndMb, msPerPair: busyMs / manyPairs }
}
