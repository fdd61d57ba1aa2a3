import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { schemaVersion } from '../../schema/migrations.ts'
import { sizeOf, type PairFiles } from './pair-files.ts'
import type { PairState } from './state-file.ts'

/** A state that tells all that the writer of its pair has to know. None of a pair that has lost rows: that is told where it is opened. */
export type SealedState = PairState &
  Required<Pick<PairState, 'marks' | 'retention' | 'writer' | 'logs'>>

/**
 * The state with the proof that it speaks of the file as it lies there now, all of it checkpointed; to be
 * called while the file is locked. Without one where that cannot be proved.
 */
export async function sealed(files: PairFiles, state: SealedState): Promise<PairState> {
  const seal = await sealOf(files, state)
  return seal === undefined ? state : { ...state, seal }
}

/**
 * A state whose pair's file nobody has written to since; undefined for any other. Who is to build on it calls
 * this when the file is locked: before that another process might still change it, or leave a log that the
 * engine has replayed.
 */
export async function provedState(
  files: PairFiles,
  state: PairState | undefined,
): Promise<SealedState | undefined> {
  if (state?.seal === undefined || state.schemaVersion !== schemaVersion) return undefined
  const { seal, ...told } = state
  // There may be no file any more.
  const found = await sealOf(files, told).catch(() => undefined)
  return seal === found ? (told as SealedState) : undefined
}

/**
 * Of the state's own text and of what the system notes at each write to a file. A copy has other times, and is
 * asked itself once more.
 */
async function sealOf(files: PairFiles, state: PairState): Promise<string | undefined> {
  const [file, log] = await Promise.all([stat(files.database, { bigint: true }), sizeOf(files.wal)])
  // What stands in a log is not in the file yet.
  if (log !== undefined && log > 0) return undefined
  // Where times are whole seconds two writes may bear the same one.
  if (file.ctimeNs % 1_000_000_000n === 0n) return undefined
  const { ino, size, mtimeNs, ctimeNs } = file
  return createHash('sha256')
    .update([ino, size, mtimeNs, ctimeNs, JSON.stringify(state)].join(' '))
    .digest('hex')
}
