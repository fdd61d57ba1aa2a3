import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, expect, it } from 'vitest'
import { beginReadOnly, inTransaction, readOnly } from '../../../src/storage/duckdb/transaction.ts'

const instance = await DuckDBInstance.create()
const connection = await instance.connect()
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

/** The same connection, met by an error when BEGIN has begun: what an interrupt at that moment does. */
const metByError = new Proxy(connection, {
  get: (real, name) => {
    if (name !== 'run') return Reflect.get(real, name) as unknown
    return (sql: string) => real.run(sql.startsWith('BEGIN') ? `${sql}; SELECT error('met')` : sql)
  },
})

it.each(Object.entries({ readOnly, beginReadOnly, inTransaction }))(
  '%s leaves no transaction behind when BEGIN fails halfway',
  async (_, begin) => {
    await expect(begin(metByError, () => Promise.resolve())).rejects.toThrow('met')
    expect(await connection.run('SELECT 1')).toHaveProperty('rowCount', 1)
  },
)

it('what begins to read stays in its transaction, unless it fails', async () => {
  await beginReadOnly(connection, () => connection.run('SELECT 1'))
  await expect(connection.run('CREATE TABLE t (n INTEGER)')).rejects.toThrow('read-only')
  await connection.run('ROLLBACK')
  await expect(beginReadOnly(connection, () => connection.run('SELECT no'))).rejects.toThrow('no')
  await connection.run('CREATE TABLE t (n INTEGER)')
})
