import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { DatabaseManager, type ManagerOptions } from '../../src/index.ts'

/** A folder that is gone when the test has ended. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pairduck-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A manager over a fresh folder; both are gone when the test has ended. */
export async function temporaryStore(options: ManagerOptions = {}): Promise<DatabaseManager> {
  const dataDir = options.dataDir ?? (await temporaryFolder())
  const store = await DatabaseManager.open({ ...options, dataDir })
  // Hooks run last in, first out: the files are closed before their folder goes.
  onTestFinished(() => store.close())
  return store
}
