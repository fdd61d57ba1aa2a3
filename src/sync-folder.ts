import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes the names in a folder durable: a file that was made, renamed or removed is found as it is
 * after a power loss only when its folder was synced too.
 */
export async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing; there names are durable by themselves.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Makes a folder, and those above it, with names that are durable like those of the files in them.
 * What cannot be made is the system's own error. The folders are made one by one, for `mkdir` with
 * `recursive` never returns where the system answers ENOENT below a folder that exists, as in /proc
 * (Node 20).
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const missing: string[] = []
  for (let path = resolve(folder); !(await isFolder(path)); path = dirname(path)) missing.push(path)
  for (const path of missing.toReversed()) {
    await mkdir(path, mode).catch(async (error: unknown) => {
      // Somebody else made it meanwhile.
      if (!(await isFolder(path))) throw error
    })
    await syncFolder(dirname(path))
  }
}

async function isFolder(path: string): Promise<boolean> {
  // A root is given, or nothing can be made below it.
  if (path === dirname(path)) return true
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw error
  }
}
