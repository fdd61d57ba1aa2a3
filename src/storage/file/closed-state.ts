import { lstat, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ownerPids } from './owner-socket-path.ts'
import type { PairFiles } from './pair-files.ts'
import { provedState, type SealedState } from './sealed-state.ts'
import { readState } from './state-file.ts'

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
 * tell. That is whenever its seal does not fit the file, or something else lies beside it.
 * Only of a data directory at rest: see {@link isAtRest}.
 */
export async function closedState(files: PairFiles): Promise<SealedState | undefined> {
  const state = await provedState(files, await readState(files.state))
  if (state === undefined) return undefined
  try {
    const own = new Set([files.database, files.state].map((file) => basename(file)))
    const names = await readdir(files.directory)
    return names.some((name) => !own.has(name)) ? undefined : state
  } catch {
    return undefined
  }
}
