import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { serverFiles } from './server-config.ts'
import { isAlive, waitFor } from './waiting.ts'

const patienceMs = 40_000

/**
 * Runs `work` while no other process of this machine starts the server of a directory: two
 * servers would save over each other's data. The lock of a process that is gone is taken over.
 */
export async function withStartLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const file = join(dir, serverFiles.startLock)
  const taken = await waitFor(async () => ((await take(file)) ? true : undefined), patienceMs)
  if (taken === undefined)
    throw new PairduckError(
      'VALKEY_START_FAILED',
      `another process has been starting the server of ${dir} for ${patienceMs} ms (${file} names it)`,
      { dir },
    )
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = Number(await readFile(file, 'utf8').catch(() => ''))
  // Empty: its maker is just about to write its number.
  if (holder > 0 && !isAlive(holder)) await rm(file, { force: true })
  return false
}
