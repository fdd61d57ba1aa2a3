import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DatabaseManager } from '../../../src/index.ts'
import { openManager, someTicks, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'

it('what does not fit into memory goes into the data directory, and is gone with the manager', async () => {
  const dataDir = temporaryFolder()
  const db = await DatabaseManager.open({ dataDir })
  await db.insertTicks(pair, someTicks(1))
  const folder = join(db.dataDir, '.pairduck', `scratch-${process.pid}-spill`)
  const asked = `SELECT current_setting('temp_directory') AS folder`
  const read = await db.withConnection(pair, (lease) => lease.connection.runAndReadAll(asked))
  expect(read.getRowObjects()).toEqual([{ folder }])
  // Nobody makes it before it is needed.
  expect(existsSync(folder)).toBe(false)
  mkdirSync(folder)
  writeFileSync(join(folder, 'duckdb_temp_storage-0.tmp'), 'x')
  await db.close()
  expect(existsSync(folder)).toBe(false)
})

it('what a killed process left of it is swept away by the next one', async () => {
  const dataDir = temporaryFolder()
  const left = join(dataDir, '.pairduck', 'scratch-4194305-spill')
  mkdirSync(left, { recursive: true })
  writeFileSync(join(left, 'duckdb_temp_storage-0.tmp'), 'x')
  const db = await openManager({ dataDir })
  expect(readdirSync(join(db.dataDir, '.pairduck'))).not.toContain('scratch-4194305-spill')
})
