/** Opening, closing and holding 200 pairs. */
import { DatabaseManager } from '../src/index.ts'
import { median } from './harness/interleave.ts'
import { residentMb } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { instancePerFile } from './storage/instance-per-file.ts'
import { makeTrades, pairNames } from './storage/trades.ts'

const slots = 200

export async function run(): Promise<readonly BenchRow[]> {
  // Ours first: what it leaves in the process can only make the other side look smaller.
  const ours = await inScratchFolder(openAndClose)
  const theirs = await inScratchFolder((folder) => instancePerFile(folder, slots))
  return [
    row('open a new pair with its tables', ours.openMs, theirs.openMs, 'ms'),
    row('close a pair', ours.closeMs, theirs.closeMs, 'ms'),
    {
      ...row(`${slots} pairs open: memory per pair`, ours.mbPerPair, theirs.mbPerPair, 'MB'),
      target: { atMost: 4, of: 'value' },
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
