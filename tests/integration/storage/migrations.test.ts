import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAllTables, schemaVersion, timeframes } from '../../../src/index.ts'
import { migrations } from '../../../src/schema/migrations.ts'
import { migrate, readSchemaVersion } from '../../../src/storage/file/migrate.ts'
import { openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

async function memory(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  onTestFinished(() => {
    connection.closeSync()
    instance.closeSync()
  })
  return connection
}

/** Everything that a schema is: relations, columns, types, and the text of views. */
async function shapeOf(connection: DuckDBConnection): Promise<unknown> {
  const columns = await connection.run(
    `SELECT table_name, column_name, column_index, data_type, is_nullable, column_default
     FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal ORDER BY ALL`,
  )
  const views = await connection.run(
    `SELECT view_name, sql FROM duckdb_views()
     WHERE database_name = current_database() AND NOT internal ORDER BY ALL`,
  )
  const rows = await connection.run(`SELECT rolled_until FROM pairduck_candle_state`)
  return [await columns.getRowsJson(), await views.getRowsJson(), await rows.getRowsJson()]
}

/** The package's own steps, and two that a later version could have. */
const steps: readonly (readonly string[])[] = [
  ...migrations,
  ['ALTER TABLE order_flow ADD COLUMN note VARCHAR', `UPDATE order_flow SET note = 'old'`],
  ['CREATE TABLE extra (x INTEGER)', 'INSERT INTO extra VALUES (1)', 'DROP TABLE extra'],
]

/** A connection that fails at its n-th statement, as a full disk or a kill would make it. */
function failingAt(connection: DuckDBConnection, at: number): DuckDBConnection {
  let statements = 0
  return new Proxy(connection, {
    get(target, name) {
      if (name !== 'run') {
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      }
      return (text: string) => {
        const undoing = text === 'ROLLBACK'
        if (!undoing && statements++ === at) return Promise.reject(new Error('broken off'))
        return target.run(text)
      }
    },
  })
}

describe('migrations', () => {
  it('from every version end where a fresh install does', async () => {
    const fresh = await memory()
    await migrate(fresh, ['1m', '1h'], steps)
    for (let version = 0; version <= steps.length; version++) {
      const connection = await memory()
      if (version > 0) await migrate(connection, ['1m'], steps.slice(0, version))
      expect(await readSchemaVersion(connection)).toBe(version)
      expect(await migrate(connection, ['1m', '1h'], steps)).toEqual(['1m', '1h'])
      expect(await readSchemaVersion(connection)).toBe(steps.length)
      expect(await shapeOf(connection)).toEqual(await shapeOf(fresh))
    }
  })

  it('broken off at any statement and made again give the same', async () => {
    const fresh = await memory()
    await migrate(fresh, ['1m', '1h'], steps)
    const whole = await shapeOf(fresh)
    let brokenOff = 0
    for (let at = 0; ; at++) {
      const connection = await memory()
      const failed = await migrate(failingAt(connection, at), ['1m', '1h'], steps).then(
        () => false,
        () => true,
      )
      if (!failed) break
      brokenOff++
      // Whatever was begun is gone, and the version says how far it is.
      const version = await readSchemaVersion(connection)
      expect(version).toBeLessThanOrEqual(steps.length)
      await migrate(connection, ['1m', '1h'], steps)
      expect(await shapeOf(connection)).toEqual(whole)
    }
    expect(brokenOff).toBeGreaterThan(10)
  })

  it('are refused by an older package, which then touches nothing', async () => {
    const connection = await memory()
    await migrate(connection, ['1m'], steps)
    const before = await shapeOf(connection)
    await expect(migrate(connection, ['1h'])).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      details: { version: steps.length, known: schemaVersion },
    })
    expect(await shapeOf(connection)).toEqual(before)
  })

  it('are what `createAllTables` does, again and again', async () => {
    const connection = await memory()
    await connection.run('CREATE TABLE mine (x INTEGER)')
    expect(await createAllTables(connection)).toEqual(['1m', '5m', '15m'])
    const before = await shapeOf(connection)
    expect(await createAllTables(connection)).toEqual(['1m', '5m', '15m'])
    expect(await shapeOf(connection)).toEqual(before)
    expect(await createAllTables(await memory(), timeframes)).toEqual(timeframes)
  })
})

const count = (timeframe: string): ReturnType<typeof sql<{ timestamp: number; n: number }>> =>
  sql(`SELECT timestamp, trade_count AS n FROM candles_${timeframe} ORDER BY 1`)

describe('candles that a file did not keep', () => {
  const pair = 'x/spot/A'
  const start = Date.UTC(2026, 0, 5, 12)
  it('are made from all ticks while all are there', async () => {
    const dataDir = temporaryFolder()
    const one = await openManager({ dataDir, candles: ['1m'], clock: () => start + 3_600_000 })
    await one.insertTicks(pair, someTicks(600, { from: start, stepMs: 1000 }))
    await one.close()
    const two = await openManager({
      dataDir,
      candles: ['5m', '5m'],
      clock: () => start + 3_600_000,
    })
    expect(await two.query(pair, count('5m'))).toEqual([
      { timestamp: start, n: 300 },
      { timestamp: start + 300_000, n: 300 },
    ])
    // Opening with other options takes none away.
    expect(await two.query(pair, count('1m'))).toHaveLength(10)
    await two.close()
    const three = await openManager({ dataDir })
    expect(await three.query(pair, count('5m'))).toHaveLength(2)
    await expect(three.query(pair, count('15m'))).rejects.toMatchObject({ code: 'QUERY_FAILED' })
  })

  it('begin with the first bar that the ticks hold whole', async () => {
    const dataDir = temporaryFolder()
    let now = start + 40 * 60_000
    const one = await openManager({ dataDir, candles: ['1m'], clock: () => now })
    await one.insertTicks(pair, someTicks(2400, { from: start, stepMs: 1000 }))
    // Ticks from 12:23 on stay.
    await one.cleanupPair(pair, { now: start + 38 * 60_000 })
    await one.close()
    now += 1000
    const two = await openManager({ dataDir, candles: ['5m', '1m'], clock: () => now })
    // The bar of 12:20 lost three of its minutes: it would be wrong.
    expect(await two.query(pair, count('5m'))).toEqual(
      [25, 30, 35].map((minutes) => ({ timestamp: start + minutes * 60_000, n: 300 })),
    )
    // A late tick of the bar that is not kept does not bring it back.
    const late = { ...someTicks(1, { first: 9999 })[0]!, timestamp: start + 24 * 60_000 + 500 }
    expect(await two.insertTicks(pair, [late])).toMatchObject({ inserted: 1, late: 1 })
    expect((await two.query(pair, count('5m'))).map(({ n }) => n)).toEqual([300, 300, 300])
  })
})
