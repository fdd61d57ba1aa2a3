import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  calculateCvdQuery,
  cleanupOldData,
  createAllTables,
  executeInsert,
  executeQuery,
  getManager,
  getPool,
  getRecentTicksQuery,
  insertTickQuery,
} from '../../../src/index.ts'
import { StoreChild } from '../../support/store-child.ts'
import { fileOf, openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'

describe('a snapshot', () => {
  it('into a folder that is not there says which one to make', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const folder = temporaryFolder()
    await expect(db.snapshot(pair, `${folder}/none/copy.duckdb`)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: `snapshot to ${folder}/none/copy.duckdb: there is no folder ${folder}/none; make it first`,
    })
  })

  it('is read by another process with plain DuckDB, while ingest goes on', async () => {
    const folder = temporaryFolder()
    const db = await openManager()
    await db.insertTicks(pair, someTicks(20_000))
    await db.cleanupPair(pair, { now: Date.UTC(2026, 0, 5) })
    const done = new AbortController()
    let sent = 20_000
    const ingest = (async () => {
      for (; !done.signal.aborted; sent += 10)
        await db.insertTicks(pair, someTicks(10, { first: sent + 1, from: Date.now() }))
    })()
    const child = await StoreChild.start({ dataDir: temporaryFolder() })
    for (let round = 0; round < 3; round++) {
      const acknowledged = sent
      const report = await db.snapshot(pair, `${folder}/copy.duckdb`)
      expect(report).toEqual({
        pair,
        file: `${folder}/copy.duckdb`,
        bytes: statSync(`${folder}/copy.duckdb`).size,
      })
      const [row] = await child.duckdb(
        report.file,
        `SELECT (SELECT count(*) FROM ticks), (SELECT sum(trade_count) FROM candles_1m),
                (SELECT count(*) FROM ticks) - (SELECT count(DISTINCT trade_id) FROM ticks)`,
      )
      const [ticks, inCandles, twice] = row!.map(Number)
      // One moment: whole, no older than what was acknowledged before, candles of the same ticks.
      expect(ticks).toBeGreaterThanOrEqual(acknowledged)
      expect(inCandles).toBe(ticks)
      expect(twice).toBe(0)
    }
    done.abort()
    await ingest
    expect(readdirSync(folder)).toEqual(['copy.duckdb'])
    expect(await db.query(pair, sql('SELECT count(*) AS n FROM ticks'))).toEqual([{ n: sent }])
  })

  it('replaces an older one only when it is whole', async () => {
    const folder = temporaryFolder()
    const db = await openManager()
    await db.insertTicks(pair, someTicks(5))
    const older = await db.snapshot(pair, `${folder}/copy.duckdb`)
    await db.insertTicks(pair, someTicks(20_000, { first: 6 }))
    await expect(db.snapshot('x/spot/NONE', `${folder}/copy.duckdb`)).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
    expect(statSync(older.file).size).toBe(older.bytes)
    await db.snapshot(pair, older.file)
    expect(statSync(older.file).size).toBeGreaterThan(older.bytes)
    // Where it cannot go it leaves nothing.
    await expect(db.snapshot(pair, `${folder}/none/copy.duckdb`)).rejects.toMatchObject({
      code: 'IO_FAILED',
    })
    await expect(db.snapshot(pair, folder)).rejects.toMatchObject({ code: 'IO_FAILED' })
    expect(readdirSync(folder)).toEqual(['copy.duckdb'])
  })

  it('leaves a file alone that is no database', async () => {
    const notes = `${temporaryFolder()}/notes.txt`
    const db = await openManager()
    await db.insertTicks(pair, someTicks(5))
    for (const text of ['short', 'a note that is longer than a head', 'DUCK DUCKDUCK']) {
      writeFileSync(notes, text)
      await expect(db.snapshot(pair, notes)).rejects.toMatchObject({
        code: 'WRITE_REFUSED',
        details: { file: notes },
      })
      expect(readFileSync(notes, 'utf8')).toBe(text)
      expect(readdirSync(dirname(notes))).toEqual(['notes.txt'])
    }
    // One that was made only to have the name holds nothing that could be lost.
    writeFileSync(notes, '')
    await expect(db.snapshot(pair, notes)).resolves.toMatchObject({ file: notes })
  })

  it('never goes into the data directory, by whatever name', async () => {
    const dataDir = temporaryFolder()
    const link = `${temporaryFolder()}/link`
    symlinkSync(dataDir, link)
    const db = await openManager({ dataDir })
    await db.insertTicks(pair, someTicks(5))
    for (const file of [
      fileOf(dataDir, pair),
      fileOf(link, pair),
      `${link}/copy.duckdb`,
      `${dataDir}/x/../copy.duckdb`,
      '',
      'a\0b',
    ])
      await expect(db.snapshot(pair, file)).rejects.toThrow(TypeError)
    expect(await db.verify(pair)).toMatchObject({ ok: true, rows: { ticks: 5 } })
    expect(existsSync(`${dataDir}/copy.duckdb`)).toBe(false)
  })
})

describe('the free functions', () => {
  it('work on any connection', async () => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    onTestFinished(() => {
      connection.closeSync()
      instance.closeSync()
    })
    await createAllTables(connection, ['1m'])
    const now = Date.UTC(2026, 0, 5, 12)
    await connection.run(`INSERT INTO ticks
      SELECT make_timestamp(${now * 1000} - range * 60000000), 100, 2, 'BUY', range::VARCHAR
      FROM range(40)`)
    // A tick a minute, the newest now: 15 whole minutes and the one at their edge stay.
    expect(await cleanupOldData(connection, undefined, now)).toEqual({ ticks: 24, candles_1m: 24 })
    expect(await cleanupOldData(connection, { ticks: 'forever' }, now)).toEqual({})
    const recent = await executeQuery(connection, getRecentTicksQuery({ limit: 2 }))
    expect(recent.map(({ timestamp }) => timestamp)).toContain(now)
    const rows = await executeQuery(connection, sql('SELECT sum(trade_count) AS n FROM candles_1m'))
    expect(rows).toEqual([{ n: 16 }])
    await expect(cleanupOldData(connection, { tick: 1 } as never, now)).rejects.toThrow(TypeError)
  })

  it('insert through the writer', async () => {
    const db = await openManager()
    const [tick] = someTicks(1)
    expect(await executeInsert(db, pair, insertTickQuery({ tick: tick! }))).toMatchObject({
      inserted: 1,
    })
    expect(await executeInsert(db, pair, insertTickQuery({ tick: tick! }))).toMatchObject({
      duplicates: 1,
    })
    const [row] = await db.query(pair, calculateCvdQuery({}))
    expect(row).toMatchObject({ cvd: tick!.volume })
  })

  it('share one manager, opened once, and again after it was closed', async () => {
    const dataDir = temporaryFolder()
    const [one, two] = await Promise.all([getManager({ dataDir }), getManager()])
    onTestFinished(async () => (await getManager()).close())
    expect(two).toBe(one)
    expect(await getPool()).toBe(one.pool)
    await expect(getManager({ dataDir })).rejects.toThrow(TypeError)
    void one.close()
    const after = await Promise.allSettled([getManager({ dataDir }), getManager(), getPool()])
    const [three] = after
    expect(after.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    expect((three as PromiseFulfilledResult<unknown>).value).not.toBe(one)
  })

  it('do not remember a manager that could not be opened', async () => {
    await expect(getManager({ maxConnections: 0 })).rejects.toThrow(RangeError)
    const dataDir = temporaryFolder()
    const db = await getManager({ dataDir })
    expect(db.dataDir).toBe(dataDir)
    await db.close()
  })
})
