import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAllTables, schemaVersion, timeframes } from '../../../src/index.ts'
import { createTableSql } from '../../../src/schema/descriptor.ts'
import { described } from '../../../src/schema/tables.ts'
import { migrations } from '../../../src/schema/migrations.ts'
import { emptyVersionSql, migrate, readSchema } from '../../../src/storage/file/migrate.ts'
import { schemaText, withoutViews } from '../../support/schema-text.ts'
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

/** Two versions that could come after the package's own. */
const steps: readonly (readonly string[])[] = [
  ...migrations,
  ['ALTER TABLE order_flow ADD COLUMN note VARCHAR', `UPDATE order_flow SET note = 'old'`],
  ['CREATE TABLE extra (x INTEGER)', 'INSERT INTO extra VALUES (1)', 'DROP TABLE extra'],
]

/** The golden file of a version: what a file of that version holds, as statements. */
function golden(version: number): string {
  return fileURLToPath(
    new URL(`../../golden/schema/version-${String(version)}.sql`, import.meta.url),
  )
}

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

/** Without rows, and without the table that says which version a file has. */
function ofDescribed(text: string): string {
  return text.replaceAll(/^(?:INSERT|CREATE TABLE pairduck_schema).*\n/gm, '')
}

describe('schema versions', () => {
  it('are written down: the newest in the golden file of its number', async () => {
    const connection = await memory()
    await migrate(connection, ['1m', '1h'])
    await expect(await schemaText(connection)).toMatchFileSnapshot(golden(schemaVersion))
  })

  it('are frozen: a released one makes today what it made when it was released', async () => {
    for (let version = 1; version <= schemaVersion; version++) {
      const connection = await memory()
      await connection.run(emptyVersionSql(['1m', '1h'], migrations.slice(0, version)).join(';'))
      const made = withoutViews(await schemaText(connection))
      expect(made).toBe(withoutViews(readFileSync(golden(version), 'utf8')))
    }
  })

  it('make the tables as their descriptors say', async () => {
    const [made, said] = [await memory(), await memory()]
    await migrate(made, [])
    for (const table of described) if (table.virtual !== true) await said.run(createTableSql(table))
    expect(ofDescribed(await schemaText(said))).toBe(ofDescribed(await schemaText(made)))
  })

  it('end, from the file of any of them, where a fresh install does', async () => {
    const fresh = await memory()
    await migrate(fresh, ['1m', '1h'])
    for (let version = 1; version <= schemaVersion; version++) {
      const connection = await memory()
      await connection.run(readFileSync(golden(version), 'utf8'))
      expect(await migrate(connection, undefined)).toEqual(['1m', '1h'])
      expect(await schemaText(connection)).toBe(await schemaText(fresh))
    }
  })
})

describe('migrations', () => {
  it('from every version end where a fresh install does', async () => {
    const fresh = await memory()
    await migrate(fresh, ['1m', '1h'], steps)
    for (let version = 1; version < steps.length; version++) {
      const connection = await memory()
      await connection.run(emptyVersionSql(['1m'], steps.slice(0, version)).join(';'))
      expect(await migrate(connection, ['1m', '1h'], steps)).toEqual(['1m', '1h'])
      expect((await readSchema(connection)).version).toBe(steps.length)
      expect(await schemaText(connection)).toEqual(await schemaText(fresh))
    }
  })

  it.each([0, 1])(
    'from version %i, broken off at any statement, can be made again',
    async (version) => {
      const fresh = await memory()
      await migrate(fresh, ['1m', '1h'], steps)
      const whole = await schemaText(fresh)
      let brokenOff = 0
      for (let at = 0; ; at++) {
        const connection = await memory()
        if (version > 0)
          await connection.run(emptyVersionSql(['1m'], steps.slice(0, version)).join(';'))
        const failed = await migrate(failingAt(connection, at), ['1m', '1h'], steps).then(
          () => false,
          () => true,
        )
        if (!failed) break
        brokenOff++
        // Whatever was begun is gone, and the version says how far it is.
        const reached = (await readSchema(connection)).version
        expect(reached).toBeGreaterThanOrEqual(version)
        expect(reached).toBeLessThanOrEqual(steps.length)
        await migrate(connection, ['1m', '1h'], steps)
        expect(await schemaText(connection)).toEqual(whole)
      }
      expect(brokenOff).toBeGreaterThan(version === 0 ? 3 : 8)
    },
  )

  it('are refused by an older package, which then touches nothing', async () => {
    const connection = await memory()
    await migrate(connection, ['1m'], steps)
    const before = await schemaText(connection)
    await expect(migrate(connection, ['1h'])).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      details: { version: steps.length, known: schemaVersion },
    })
    expect(await schemaText(connection)).toEqual(before)
  })

  it('are what `createAllTables` does, again and again', async () => {
    const connection = await memory()
    await connection.run('CREATE TABLE mine (x INTEGER)')
    expect(await createAllTables(connection)).toEqual(['1m', '5m', '15m'])
    const before = await schemaText(connection)
    expect(await createAllTables(connection)).toEqual(['1m', '5m', '15m'])
    expect(await schemaText(connection)).toEqual(before)
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
