import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/client/index.ts'
import { DatabaseManager, getCandlesQuery, type ExportFormat } from '../../src/index.ts'
import { exportFormats } from '../../src/storage/export/export-options.ts'
import { ticksOfWindowQuery } from '../../src/serve/analytics/ticks-of-window.ts'
import { cliRun } from '../support/cli-run.ts'
import { served } from '../support/http.ts'
import { shareManager, someTicks, sql, temporaryFolder } from '../support/store.ts'

const pair = 'x/spot/A'
const ticks = someTicks(20_000)
const store = shareManager({}, (db) => db.insertTicks(pair, ticks))
const all = ticksOfWindowQuery()

/** Number of rows and sum of prices, by whoever else reads such files. */
const readers: Readonly<Record<ExportFormat, (file: string) => unknown>> = {
  parquet: byEngine,
  csv: byEngine,
  ndjson: (file) => summed(JSON.parse(`[${textOf(file).trim().replaceAll('\n', ',')}]`)),
  json: (file) => summed(JSON.parse(textOf(file))),
  arrow: (file) => summed(tableFromIPC(readFileSync(file)).toArray()),
}

function textOf(file: string): string {
  return readFileSync(file, 'utf8')
}

function summed(rows: unknown): { n: number; sum: number } {
  const prices = (rows as readonly { price: number }[]).map(({ price }) => price)
  return { n: prices.length, sum: prices.reduce((total, price) => total + price, 0) }
}

async function byEngine(file: string): Promise<unknown> {
  const engine = await DuckDBInstance.create()
  const connection = await engine.connect()
  try {
    const read = `SELECT count(*)::INTEGER AS n, sum(price)::DOUBLE AS sum FROM '${file}'`
    return (await connection.runAndReadAll(read)).getRowObjectsJS()[0]
  } finally {
    connection.closeSync()
    engine.closeSync()
  }
}

describe('an export', () => {
  it.each(exportFormats)('has every row as %s', async (format) => {
    const file = join(temporaryFolder(), `rows.${format}`)
    const report = await store().export(pair, all, file)
    expect(report).toMatchObject({ pair, file, format, rows: ticks.length })
    expect(report.bytes).toBe(readFileSync(file).byteLength)
    expect(await readers[format](file)).toEqual(summed(ticks))
  })

  it('tells how far it is', async () => {
    const told: number[] = []
    await store().export(pair, all, join(temporaryFolder(), 'rows.csv'), {
      onProgress: (rows) => told.push(rows),
    })
    expect(told.at(-1)).toBe(ticks.length)
  })

  it('takes nobody’s name away, and leaves nothing where it fails', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'rows.csv')
    writeFileSync(file, 'mine')
    await expect(store().export(pair, all, file)).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    const late = sql(
      `SELECT CASE WHEN range > 50000 THEN error('late') ELSE 1 END AS v FROM range(60000)`,
    )
    for (const format of ['csv', 'parquet'] as const)
      await expect(
        store().export(pair, late, file, { format, overwrite: true }),
      ).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    const stopped = AbortSignal.abort()
    await expect(
      store().export(pair, all, join(folder, 'none.csv'), { signal: stopped }),
    ).rejects.toMatchObject({ code: 'ABORTED' })
    expect(readdirSync(folder)).toEqual(['rows.csv'])
    expect(readFileSync(file, 'utf8')).toBe('mine')
    await store().export(pair, all, file, { overwrite: true })
    expect(readFileSync(file, 'utf8').split('\r\n')).toHaveLength(ticks.length + 2)
    await expect(store().export(pair, all, 'rows.xyz')).rejects.toThrow('give `format`')
    await expect(store().export(pair, all, join(store().dataDir, 'rows.csv'))).rejects.toThrow(
      'data directory',
    )
    expect(store().stats().active).toBe(0)
  })

  it('names no file of its own in the query', async () => {
    const folder = temporaryFolder()
    const other = join(folder, 'other.csv')
    for (const text of [
      `SELECT 1 AS x) TO '${other}' (FORMAT csv) --`,
      `SELECT 1 AS x) TO '${other}'; COPY (SELECT 1`,
    ])
      await expect(
        store().export(pair, sql(text), join(folder, 'rows.parquet')),
      ).rejects.toMatchObject({ name: 'PairduckError' })
    expect(existsSync(other)).toBe(false)
  })

  it('is written by the owner for who asks over its socket, and for nobody over HTTP', async () => {
    const owner = await connect({ dataDir: store().dataDir })
    const file = join(temporaryFolder(), 'rows.parquet')
    expect(await owner.export(pair, all, file)).toMatchObject({ rows: ticks.length, file })
    await owner.close()
    const reader = await connect(await served(store()))
    await expect(reader.export(pair, all, file)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    await reader.close()
  })
})

describe('pairduck export', () => {
  it('writes trades, candles and any analytic, to a file or to stdout', async () => {
    const dataDir = temporaryFolder()
    const db = await DatabaseManager.open({ dataDir })
    await db.insertTicks(pair, ticks)
    const candles = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    await db.close()
    const run = (...args: string[]) => cliRun(['export', pair, ...args, '--data-dir', dataDir])
    const file = join(temporaryFolder(), 'rows.csv')
    expect((await run('ticks', file)).stdout).toContain('20,000 rows of x/spot/A')
    const { stdout } = await run('candles', '--format', 'ndjson')
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(candles)
    const profile = await run('profile', '-', '--format', 'json', '--set', 'binSize=5')
    expect(JSON.parse(profile.stdout)).toHaveLength(1)
    expect(await run('cvdd')).toMatchObject({ exitCode: 2 })
    expect((await run('profile', '--set', 'binsize=5')).stderr).toContain('did you mean `binSize`')
    expect(await run('ticks', file)).toMatchObject({ exitCode: 1 })
  })
})
