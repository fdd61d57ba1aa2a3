import type { DuckDBConnection } from '@duckdb/node-api'
import { formatPair, type Pair } from '../../pair.ts'
import type { Clock } from '../../time.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { Events } from '../events/events.ts'
import { createFile, removeUnfinished } from '../file/create-file.ts'
import type { EmptyFile } from '../file/empty-file.ts'
import { quarantineFolder, type PairFiles } from '../file/pair-files.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { recoverFiles, removeStaleLogs } from '../recovery/recover-files.ts'

/** Before the engine sees them: half a commit it would replay without a word. */
export async function recoverPair(
  pair: Pair,
  files: PairFiles,
  { events, writer }: { readonly events: Events; readonly writer: { readonly clock: Clock } },
): Promise<void> {
  const name = formatPair(pair)
  const recovered = await recoverFiles(files, {
    subject: name,
    keep: () => quarantineFolder(pair, files, writer.clock()),
  })
  if (recovered === undefined) return
  const { kept, ...what } = recovered
  events.tell('pairRecovered', { pair: name, ...what, folder: kept })
}

/** After a crash the log was replayed: it goes into the file before anything else is written. */
export async function emptyLog(
  connection: DuckDBConnection,
  alias: string,
  files: PairFiles,
): Promise<void> {
  await removeStaleLogs(files)
  // Whoever made the log may have been killed before its name was on the disk.
  await syncFolder(files.directory)
  await connection.run(`CHECKPOINT ${alias}`)
  await syncFolder(files.directory)
}

/** Makes the file of a new pair first; one whose making was cut short is a new one's. */
export async function attachOrCreate(
  engine: Engine,
  files: PairFiles,
  { isMissing, ...empty }: EmptyFile & { readonly isMissing: boolean },
): Promise<string> {
  if (isMissing) await createFile(engine, files, empty)
  try {
    return await engine.attach(files.database, empty.blockSize)
  } catch (error) {
    if (fromDuckDb(error, '', 'PAIR_CORRUPT').code !== 'PAIR_CORRUPT') throw error
    if (!(await removeUnfinished(files))) throw error
    await createFile(engine, files, empty)
    return engine.attach(files.database, empty.blockSize)
  }
}
