/**
 * What users would pick instead, doing the same: each id once, candles kept, an answer when it is
 * on the disk. Their packages are no dependencies: npm installs them into a temporary folder when
 * this first runs, and where it has no ready binary it compiles one, which takes minutes.
 */
import type { BenchGroup, BenchRow } from './harness/row.ts'
import { analytics } from './peers/analytics.ts'
import { insertRows } from './peers/inserts.ts'
import { manyPairs } from './peers/many-pairs.ts'
import { opening } from './peers/opening.ts'
import { readsBesideWrites } from './peers/reads-beside-writes.ts'
import { startUp } from './peers/start-up.ts'
import { upkeep } from './peers/upkeep.ts'

const partsOfAll: Readonly<Record<string, (full: boolean) => Promise<BenchRow[]>>> = {
  inserts: insertRows,
  reads: readsBesideWrites,
  pairs: manyPairs,
  opening,
  start: startUp,
  analytics,
  upkeep,
}

export const run: BenchGroup = async ({ full, parts = Object.keys(partsOfAll) }) => {
  const rows: BenchRow[] = []
  for (const part of parts) {
    const measure = partsOfAll[part]
    if (measure === undefined)
      throw new Error(`no part ${part}; there are: ${Object.keys(partsOfAll).join(', ')}`)
    process.stderr.write(`  ${part} …\n`)
    rows.push(...(await measure(full)))
  }
  return rows
}
