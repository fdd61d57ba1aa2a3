import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { freemem } from 'node:os'

const enough = 4 * 2 ** 30

/**
 * A folder for temporary files in memory, on Linux where plenty is free; else undefined. It is
 * removed when this process exits. The tests sync thousands of small files, and on a disk they wait
 * for it longer than they compute.
 */
export function memoryFolder(): string | undefined {
  const folder = made()
  if (folder !== undefined)
    process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

function made(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    // A short name: the path of a socket in it has room for about a hundred characters.
    return Math.min(bavail * bsize, freemem()) > enough ? mkdtempSync('/dev/shm/pd-') : undefined
  } catch {
    return undefined
  }
}
