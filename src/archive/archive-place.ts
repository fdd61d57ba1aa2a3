import { PairduckError } from '../errors.ts'
import type { ArchiveStore } from './store/archive-store.ts'
import { folderArchive } from './store/folder-archive.ts'

/** A part, by what is known of where it was written. */
export interface PlacedPart {
  readonly path: string
  readonly place: string
  readonly bytes: number
}

/**
 * A file on this machine with a part's bytes: out of the archive that is given, which may have moved
 * since, else from where it was written. `ARCHIVE_INCOMPLETE` when it is in neither.
 */
export async function openPart(
  { path, place, bytes }: PlacedPart,
  given: ArchiveStore | undefined,
): Promise<string> {
  const written = storeAt(place, given)
  if (given === undefined || written === given) return needed(written, place).open(path, bytes)
  try {
    return await given.open(path, bytes)
  } catch (error) {
    if (written === undefined || !PairduckError.is(error, 'ARCHIVE_INCOMPLETE')) throw error
    return written.open(path, bytes)
  }
}

/** Removes a part from where it was written. */
export async function removePart(
  { path, place }: PlacedPart,
  given: ArchiveStore | undefined,
): Promise<void> {
  await needed(storeAt(place, given), place).remove(path)
}

function storeAt(place: string, given: ArchiveStore | undefined): ArchiveStore | undefined {
  if (given?.place === place) return given
  return /^[a-z0-9]+:\/\//.test(place) ? undefined : folderArchive(place)
}

function needed(store: ArchiveStore | undefined, place: string): ArchiveStore {
  if (store !== undefined) return store
  throw new PairduckError(
    'ARCHIVE_INCOMPLETE',
    `part of this pair is archived in ${place}: open the manager with \`archive\` there`,
    { place },
  )
}
