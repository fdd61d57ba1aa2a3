import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

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

/** Makes a folder, and those above it, with names that are durable like those of the files in them. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made))
    await syncFolder(dirname(made))
}
