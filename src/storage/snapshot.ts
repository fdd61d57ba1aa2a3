import { realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Engine } from './engine.ts'
import { fromDuckDb } from './duckdb-errors.ts'
import type { PairDatabase } from './pair-database.ts'
import { sizeOf } from './pair-files.ts'

export interface SnapshotReport {
  readonly pair: string
  readonly file: string
  readonly bytes: number
}

/**
 * A consistent copy of an open pair, by the engine itself: copying the file would miss what is in
 * the WAL, and reading it would drop the lock. It takes its final name when it is whole.
 */
export async function snapshotDatabase(
  database: PairDatabase,
  engine: Engine,
  file: string,
  dataDir: string,
): Promise<SnapshotReport> {
  const target = await targetOf(file, dataDir)
  const draft = `${target}.${process.pid}.draft`
  await rm(draft, { force: true })
  const reader = await database.lendReader()
  try {
    const alias = await engine.attach(draft)
    try {
      await database.budget.read(async () => {
        await reader.run(`COPY FROM DATABASE ${database.alias} TO ${alias}`)
        await reader.run(`CHECKPOINT ${alias}`)
      })
    } finally {
      await engine.detach(alias)
    }
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    await rm(`${draft}.wal`, { force: true })
    throw fromDuckDb(error, `${database.name}: snapshot to ${target}`, 'QUERY_FAILED')
  } finally {
    await database.takeBack(reader, { reuse: false })
  }
  return { pair: database.name, file: target, bytes: (await sizeOf(target)) ?? 0 }
}

/** Where the file really is: through a link, too, no snapshot lands on an open database. */
async function targetOf(file: string, dataDir: string): Promise<string> {
  if (typeof file !== 'string' || file === '' || file.includes('\0'))
    throw new TypeError('a snapshot needs the name of a file')
  const named = resolve(file)
  let folder: string
  try {
    folder = await realpath(dirname(named))
  } catch (error) {
    throw fromDuckDb(error, `snapshot to ${named}`, 'IO_FAILED')
  }
  const target = join(folder, basename(named))
  if (target === dataDir || target.startsWith(dataDir + sep))
    throw new TypeError(`a snapshot does not go into the data directory: ${target}`)
  return target
}
