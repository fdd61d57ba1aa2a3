import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { schemaVersion } from '../../schema/migrations.ts'
import { ownerPids } from './owner-socket-path.ts'
import type { PairFiles } from './pair-files.ts'
import { readState, type PairState } from './state-file.ts'

/** Whether nobody has a manager on the data directory, and no log may hold what the files lack. */
export async function isAtRest(dataDir: string): Promise<boolean> {
  if ((await ownerPids(dataDir)).length > 0) return false
  const logs = join(dataDir, '.pairduck', 'log')
  try {
    return (await readdir(logs)).length === 0
  } catch {
    // A link to a disk that is not mounted is no folder either.
    return (await lstat(logs).catch(() => undefined)) === undefined
  }
}

/**
 * What a pair's file holds, told by the state file alone; undefined where only the file itself can
 * tell. That is whenever it was not closed well, was touched since, or something else lies beside it.
 * Only of a data directory at rest: see {@link isAtRest}.
 */
export async function closedState(
  files: PairFiles,
): Promise<Required<Pick<PairState, 'retention' | 'relations'>> | undefined> {
  const state = await readState(files.state)
  if (state?.clean !== true || state.schemaVersion !== schemaVersion) return undefined
  // Whoever asks for a pair that has lost rows is told so where it is opened.
  if (state.lost !== undefined) return undefined
  const { retention, relations } = state
  if (retention === undefined) return undefined
  try {
    const own = new Set([files.database, files.state].map((file) => basename(file)))
    const names = await readdir(files.directory)
    if (names.some((name) => !own.has(name))) return undefined
    const [database, witness] = await Promise.all([stat(files.database), stat(files.state)])
    return witness.mtimeMs < database.mtimeMs ? undefined : { retention, relations }
  } catch {
    return undefined
  }
}
