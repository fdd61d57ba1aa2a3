/**
 * What users would pick instead, doing the same: each id once, candles kept, an answer when it is
 * on the disk. Their packages are no dependencies: npm installs them into a temporary folder when
 * this first runs, and where it has no ready binary it compiles one, which takes minutes.
 */
import type { BenchGroup } from './harness/row.ts'
import { insertRows } from './peers/inserts.ts'

export const run: BenchGroup = async ({ full }) => insertRows(full)
