import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { checkpointUnblocked } from '../../../src/storage/duckdb/transaction.ts'
import { temporaryFolder } from '../../support/store.ts'

it('a checkpoint waits for a write transaction that ends in a moment, and no longer than that', async () => {
  const instance = await DuckDBInstance.create(join(temporaryFolder(), 'blocked.duckdb'))
  const [writer, other] = [await instance.connect(), await instance.connect()]
  await writer.run('CREATE TABLE t (n INTEGER)')
  const checkpoint = async (): Promise<void> => void (await writer.run('CHECKPOINT'))
  await other.run('BEGIN')
  await other.run('CREATE TABLE u (n INTEGER)')
  await expect(checkpoint()).rejects.toThrow('Cannot CHECKPOINT')
  let tries = 0
  await checkpointUnblocked(async () => {
    if (++tries === 3) await other.run('COMMIT')
    await checkpoint()
  })
  expect(tries).toBe(3)
  await other.run('BEGIN')
  await other.run('CREATE TABLE v (n INTEGER)')
  await expect(checkpointUnblocked(checkpoint)).rejects.toThrow('Cannot CHECKPOINT')
  await expect(
    checkpointUnblocked(() => Promise.reject(new Error('something else'))),
  ).rejects.toThrow('something else')
  for (const connection of [other, writer]) connection.closeSync()
  instance.closeSync()
})
