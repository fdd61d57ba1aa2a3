import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { DatabaseManager } from '../../../src/index.ts'
import { logsIn } from '../../support/log-crashes.ts'
import { logPair, logTick } from '../../support/log-writer.ts'
import { countTicks, fileOf, openManager, sql, temporaryFolder } from '../../support/store.ts'
import { StoreChild } from '../../support/store-child.ts'

const pair = logPair(0)
const other = logPair(1)
const retention = { ticks: 'forever' } as const

function ticks(from: number, to: number): ReturnType<typeof logTick>[] {
  return Array.from({ length: to - from }, (_, k) => logTick(0, from + k))
}

const hide = 'ALTER TABLE pairduck_log RENAME TO hidden'
const show = 'ALTER TABLE hidden RENAME TO pairduck_log'

/** Inserts, and the last five ticks are acknowledged and cannot be brought into the file. */
async function openWithTicksBehind(dataDir: string): Promise<DatabaseManager> {
  const db = await DatabaseManager.open({ dataDir, retention })
  db.on('error', () => undefined)
  await db.insertTicks(pair, ticks(0, 10))
  await db.insertTicks(other, ticks(0, 1))
  await db.withConnection(pair, (lease) => lease.connection.run(hide))
  expect(await db.insertTicks(pair, ticks(10, 15))).toMatchObject({ inserted: 5 })
  return db
}

/** Runs statements on a closed file by a DuckDB of its own. */
async function onFile(file: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

describe('a pair whose file cannot take what is acknowledged', () => {
  it('says so to who reads it, and belongs to nobody else when its file is closed', async () => {
    const dataDir = temporaryFolder()
    const db = await openWithTicksBehind(dataDir)
    await expect(db.query(pair, sql('SELECT 1'))).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    await db.pool.release(pair)
    const child = await StoreChild.start({ dataDir, retention, acquireTimeoutMs: 50 })
    const [log] = logsIn(dataDir)
    // As in a container of its own: its number says nothing here.
    const owner = join(dataDir, '.pairduck', 'log', log!, 'owner.json')
    const identity = JSON.parse(readFileSync(owner, 'utf8')) as object
    for (const pid of [process.pid, 4_000_000]) {
      writeFileSync(owner, JSON.stringify({ ...identity, pid }))
      await expect(child.call('insertTicks', pair, ticks(13, 18))).rejects.toMatchObject({
        code: 'PAIR_LOCKED',
        message: `${pair}: open in process ${pid}, which may have acknowledged ticks that are not in the file yet`,
      })
    }
    expect(await child.call('insertTicks', logPair(2), ticks(0, 1))).toMatchObject({ inserted: 1 })
    await child.duckdb(fileOf(dataDir, pair), show)
    expect(await countTicks(db, pair)).toBe(15)
    expect(await db.insertTicks(pair, ticks(13, 15))).toMatchObject({ duplicates: 2 })
    await db.close()
    expect(await child.call('insertTicks', pair, ticks(13, 18))).toMatchObject({
      inserted: 3,
      duplicates: 2,
    })
  }, 60_000)

  it('is named when the manager closes, and has them once when it is next opened', async () => {
    const dataDir = temporaryFolder()
    const db = await openWithTicksBehind(dataDir)
    const failure = await db.close().catch((error: unknown) => error)
    expect(failure).toMatchObject({
      errors: expect.arrayContaining([
        expect.objectContaining({
          code: expect.stringMatching(/./),
          message: expect.stringContaining('5 acknowledged ticks stay in the commit log'),
          details: { pair, ticks: 5 },
        }),
      ]),
    })
    await onFile(fileOf(dataDir, pair), show)
    const again = await openManager({ dataDir, retention })
    expect(await countTicks(again, pair)).toBe(15)
    expect(await countTicks(again, other)).toBe(1)
  })

  it('is counted and listed once when the manager closes, with the others and the log', async () => {
    const dataDir = temporaryFolder()
    const db = await openWithTicksBehind(dataDir)
    await db.withConnection(other, (lease) => lease.connection.run(hide))
    expect(await db.insertTicks(other, ticks(1, 2))).toMatchObject({ inserted: 1 })
    const failure = await db.close().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AggregateError)
    expect(failure).toMatchObject({
      message: `2 pairs (${pair}, ${other}) were not closed as they should be`,
      code: (failure as AggregateError).errors[0].code,
      errors: [{ details: { pair, ticks: 5 } }, { details: { pair: other, ticks: 1 } }],
    })
    expect(inspect(failure).split('5 acknowledged ticks')).toHaveLength(2)
  })

  it('takes no more than so many, and stops no other', async () => {
    const dataDir = temporaryFolder()
    const db = await openWithTicksBehind(dataDir)
    const ends: unknown[] = []
    for (let n = 100; n < 80_100; n += 8000)
      ends.push(await db.insertTicks(pair, ticks(n, n + 8000)).catch((error: unknown) => error))
    expect(ends.slice(0, 6)).toEqual(
      ends.slice(0, 6).map(() => expect.objectContaining({ inserted: 8000 })),
    )
    expect(ends.slice(7)).toEqual(
      ends.slice(7).map(() => expect.objectContaining({ code: 'QUERY_FAILED' })),
    )
    expect(await db.insertTicks(other, ticks(1, 3))).toMatchObject({ inserted: 2 })
    await expect(db.close()).rejects.toThrow(`1 pair (${pair}) was not closed`)
  })
})

it('a repair that cannot tell how far the file has the log stores nothing twice', async () => {
  const dataDir = temporaryFolder()
  const child = await StoreChild.start({ dataDir, retention })
  await child.call('insertTicks', pair, ticks(0, 12))
  // Whoever looks into the file has in it what was acknowledged.
  await child.call('verify', pair)
  await child.call('insertTicks', pair, ticks(12, 20))
  await child.kill()
  await onFile(fileOf(dataDir, pair), 'DROP TABLE pairduck_log')
  const db = await openManager({ dataDir, retention })
  const told: unknown[] = []
  db.on('error', (event) => told.push(event))
  expect(await db.repair(pair)).toMatchObject({ action: 'rescued' })
  expect(await countTicks(db, pair)).toBe(20)
  expect(await db.verify(pair)).toMatchObject({ ok: true })
  expect(told).toContainEqual({
    pair,
    error: expect.objectContaining({ code: 'PAIR_CORRUPT', details: { ticks: 4 } }),
  })
  await db.pool.release(pair)
  expect(await countTicks(db, pair)).toBe(20)
}, 60_000)
