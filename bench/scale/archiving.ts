import { join } from 'node:path'
import { DatabaseManager, query } from '../../src/index.ts'
import { tickOrder } from '../../src/schema/tables.ts'
import { begin, cpuSecondsOf, dayMs, pair, storeDays, type Days } from './days-of-ticks.ts'

/** How fast ticks go into the archive, and how fast the engine alone writes their Parquet. */
export async function archiving(
  folder: string,
  size: Days,
): Promise<{ ticksPerCpuSecond: number; copiedPerCpuSecond: number }> {
  const dataDir = join(folder, 'data')
  await storeDays(dataDir, join(folder, 'ticks.parquet'), size)
  const end = begin + size.days * dayMs
  const db = await DatabaseManager.open({
    dataDir,
    archive: join(folder, 'archive'),
    retention: 'forever',
    clock: () => end + dayMs,
  })
  try {
    const ordered = query('ordered', `SELECT * FROM ticks ORDER BY ${tickOrder}`)
    const copying = await cpuSecondsOf(() => db.export(pair, ordered, join(folder, 'all.parquet')))
    const seconds = await cpuSecondsOf(() => db.archivePair(pair, { olderThanMs: dayMs }))
    const ticks = size.days * size.perDay
    return { ticksPerCpuSecond: ticks / seconds, copiedPerCpuSecond: ticks / copying }
  } finally {
    await db.close()
  }
}
