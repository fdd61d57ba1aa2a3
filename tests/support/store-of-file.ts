import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { DatabaseManager, type ManagerOptions } from '../../src/index.ts'

/**
 * One manager for all tests of a file, which keep to pairs of their own: opening one costs more
 * than most of what they ask of it.
 */
export function storeOfFile(
  options: ManagerOptions = {},
  prepare: (db: DatabaseManager) => Promise<unknown> = async () => undefined,
): () => DatabaseManager {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pairduck-test-')))
  let db: DatabaseManager | undefined
  beforeAll(async () => {
    db = await DatabaseManager.open({ dataDir: folder, ...options })
    await prepare(db)
  })
  afterAll(async () => {
    await db?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return () => db!
}
