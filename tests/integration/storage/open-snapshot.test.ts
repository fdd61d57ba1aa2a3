import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  executeQuery,
  getCandlesQuery,
  openSnapshot,
  type SnapshotReader,
} from '../../../src/index.ts'
import { shareManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const db = shareManager()
const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')

async function opened(file: string): Promise<SnapshotReader> {
  const reader = await openSnapshot(file)
  onTestFinished(() => reader.close())
  return reader
}

describe('openSnapshot', () => {
  it('reads the newest file of the name, and ends what runs on the one before', async () => {
    const pair = 'x/spot/SNAP'
    const file = join(temporaryFolder(), 'snap.duckdb')
    await db().insertTicks(pair, someTicks(100))
    await db().snapshot(pair, file)
    const [reader, other] = [await opened(file), await opened(file)]
    expect(await reader.query(count)).toEqual([{ n: 100 }])
    expect(await reader.query(getCandlesQuery({ timeframe: '1m' }))).not.toHaveLength(0)
    const long = reader.query(
      sql('SELECT count(*) AS n, (SELECT count(*) FROM ticks) AS ticks FROM range(30000000)'),
    )
    await db().insertTicks(pair, someTicks(50, { first: 101 }))
    await db().snapshot(pair, file)
    const newest = await Promise.all([reader.query(count), reader.query(count), other.query(count)])
    expect(newest).toEqual([[{ n: 150 }], [{ n: 150 }], [{ n: 150 }]])
    expect(await long).toEqual([{ n: 30_000_000, ticks: 100 }])
    expect((await reader.queryColumns(count)).n).toEqual(new Float64Array([150]))
  })

  it('reads one of a schema that did not say yet which bars are closed', async () => {
    const file = join(temporaryFolder(), 'old.duckdb')
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    const golden = new URL('../../golden/schema/version-6.sql', import.meta.url)
    await connection.run(readFileSync(golden, 'utf8'))
    await connection.run(`INSERT INTO ticks VALUES
      ('2024-08-08 12:01:30', 5, 1, 'BUY', '3'), ('2024-08-08 12:02:00', 7, 1, 'SELL', '4')`)
    await connection.run(`INSERT INTO pairduck_candle_parts SELECT
      '1m', '2024-08-08 12:01:00', second, second, second, second,
      1, 1, 0, second, 1, '2024-08-08 12:01:00'::TIMESTAMP + INTERVAL (second) SECOND, second,
      '2024-08-08 12:01:00'::TIMESTAMP + INTERVAL (second) SECOND, second, false
      FROM unnest([1, 2]) AS parts(second)`)
    await connection.run(`UPDATE pairduck_candle_state SET rolled_until = '2024-08-08 12:01:30'`)
    const asked = getCandlesQuery({ timeframe: '1m' })
    const byFreeFunction = await executeQuery(connection, asked)
    connection.closeSync()
    instance.closeSync()
    const reader = await opened(file)
    const bars = await reader.query(asked)
    expect(bars).toMatchObject([
      { open: 1, high: 5, close: 5, tradeCount: 3 },
      { open: 7, close: 7, tradeCount: 1 },
    ])
    expect(byFreeFunction).toEqual(bars)
    expect(await reader.query(getCandlesQuery({ timeframe: '1m', limit: 1 }))).toEqual(
      bars.slice(1),
    )
  })

  it('only reads, one SELECT on the tables of the pair', async () => {
    const pair = 'x/spot/READ'
    const file = join(temporaryFolder(), 'snap.duckdb')
    await db().insertTicks(pair, someTicks(3))
    await db().snapshot(pair, file)
    const reader = await opened(file)
    for (const text of [
      'DELETE FROM ticks',
      `SELECT * FROM read_text('/etc/hostname')`,
      'SELECT 1; SELECT 2',
    ])
      await expect(reader.query(sql(text))).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
    await expect(reader.query(sql('SELECT nothing FROM ticks'))).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
    const stop = new AbortController()
    const endless = reader.query(
      sql('SELECT count(*) FROM range(1000000000) a, range(1000000000) b'),
      { signal: stop.signal },
    )
    stop.abort()
    await expect(endless).rejects.toMatchObject({ code: 'ABORTED' })
    const closing = reader.query(
      sql('SELECT count(*) FROM range(1000000000) a, range(1000000000) b'),
    )
    await Promise.all([
      expect(closing).rejects.toMatchObject({ code: 'CLOSED' }),
      reader.query(count).then(() => reader.close()),
    ])
    await expect(reader.query(count)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('ends by closing also what is about to begin', async () => {
    const file = join(temporaryFolder(), 'snap.duckdb')
    await db().insertTicks('x/spot/CLOSE', someTicks(3))
    await db().snapshot('x/spot/CLOSE', file)
    for (let turns = 0; turns < 12; turns++) {
      const reader = await opened(file)
      const endless = reader.query(sql('SELECT count(*) FROM range(1000000000) a, range(99999999)'))
      const ended = endless.catch((error: unknown) => error)
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      await reader.close()
      expect(await ended, `${turns} turns`).toMatchObject({ code: 'CLOSED' })
    }
  })

  it('says what is no snapshot', async () => {
    const folder = temporaryFolder()
    await expect(openSnapshot(join(folder, 'none.duckdb'))).rejects.toMatchObject({
      code: 'IO_FAILED',
    })
    writeFileSync(join(folder, 'text.duckdb'), 'a text of some length, but no database')
    await expect(openSnapshot(join(folder, 'text.duckdb'))).rejects.toMatchObject({
      code: 'PAIR_CORRUPT',
    })
    const foreign = await DuckDBInstance.create(join(folder, 'foreign.duckdb'))
    foreign.closeSync()
    await expect(openSnapshot(join(folder, 'foreign.duckdb'))).rejects.toMatchObject({
      code: 'PAIR_CORRUPT',
    })
    await expect(openSnapshot('')).rejects.toThrow(TypeError)
  })
})
