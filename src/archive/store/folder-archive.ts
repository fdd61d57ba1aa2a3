import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { makeFolder, syncFolder } from '../../sync-folder.ts'
import type { ArchiveStore } from './archive-store.ts'
import { refuseOtherSize } from './part-size.ts'

/** What the system says of a path below which nothing can be: no folder, a file, too long a name. */
const nothingThere = new Set<string | undefined>(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])

/**
 * An archive in a folder, of this machine or of a mounted file system that honours fsync. It is made
 * when the first part is written.
 */
export function folderArchive(folder: string): ArchiveStore {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0'))
    throw new TypeError('folderArchive: expected the path of a folder')
  return new FolderArchive(resolve(folder))
}

class FolderArchive implements ArchiveStore {
  readonly place: string

  constructor(place: string) {
    this.place = place
  }

  async draft(path: string): Promise<string> {
    const draft = this.#draftOf(path)
    await makeFolder(dirname(draft))
    await rm(draft, { force: true })
    return draft
  }

  /** DuckDB syncs neither the file that it writes nor its folder. */
  async keep(draft: string, path: string): Promise<void> {
    const handle = await open(draft, 'r+')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    const file = this.#fileOf(path)
    await rename(draft, file)
    await syncFolder(dirname(file))
  }

  async open(path: string, bytes?: number): Promise<string> {
    const file = this.#fileOf(path)
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile() === true) {
      refuseOtherSize(file, { is: found.size, expected: bytes })
      return file
    }
    throw new PairduckError('ARCHIVE_INCOMPLETE', `the archive lacks ${file}`, { file })
  }

  async remove(path: string): Promise<void> {
    const file = this.#fileOf(path)
    try {
      await rm(this.#draftOf(path), { force: true })
      await rm(file, { force: true })
      await syncFolder(dirname(file))
    } catch (error) {
      if (!nothingThere.has((error as NodeJS.ErrnoException).code)) throw error
    }
  }

  #fileOf(path: string): string {
    return join(this.place, ...path.split('/'))
  }

  /** Not what a pattern for Parquet files finds. */
  #draftOf(path: string): string {
    return `${this.#fileOf(path)}.draft`
  }
}
