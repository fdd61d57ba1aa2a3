import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import type { DatabaseManager } from '../../../src/index.ts'
import { calculateCvdBarsQuery, calculateCvdQuery } from '../../../src/queries/index.ts'
import { archivedPair, archiving, numberedTicks, timeOf } from '../../support/archive-sequence.ts'
import { cliRun } from '../../support/cli-run.ts'
import { everyAnalytic } from '../../support/every-analytic.ts'
import { json, served } from '../../support/http.ts'
import { openManager, shareManager, sql, temporaryFolder } from '../../support/store.ts'

const count = 280
const clock = (): number => timeOf(count)
const counted = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')
/** These need bars or ticks from before the window. */
const lookingBack = /UnfinishedAuctions|Fvg|Zones|SpeedOfTape/
const everyId = 'SELECT trade_id FROM ticks ORDER BY length(trade_id), trade_id'

const archive = mkdtempSync(join(tmpdir(), 'pairduck-archive-'))
afterAll(() => rmSync(archive, { recursive: true, force: true }))
const manager = shareManager({ archive, ...archiving, clock }, archiveMost)

/** Stores a pair, and archives most of it. */
async function archiveMost(db: DatabaseManager): Promise<void> {
  await db.insertTicks(archivedPair, numberedTicks(0, count))
  await db.archivePair(archivedPair)
}

async function hotRows(): Promise<number> {
  const [row] = await manager().query(archivedPair, counted)
  return row!.n
}

describe('`history`', () => {
  it('is streamed, and leaves the connection as it was', async () => {
    const db = manager()
    const window = { from: timeOf(10), to: timeOf(270) }
    const bars = calculateCvdBarsQuery({ timeframe: '1m', ...window })
    const expected = await db.query(archivedPair, bars, { history: true })
    const stream = await db.streamColumns(archivedPair, bars, { history: true, batchRows: 50 })
    const batches = []
    for await (const batch of stream) batches.push(batch)
    expect(batches.reduce((sum, { rows }) => sum + rows, 0)).toBe(expected.length)
    expect(expected.length).toBe(260)
    expect(await hotRows()).toBeLessThan(count / 2)
  })

  it('is exported, as rows and as Parquet', async () => {
    const db = manager()
    const folder = temporaryFolder()
    const ids = numberedTicks(0, count).map(({ tradeId }) => ({ trade_id: tradeId }))
    const lines = join(folder, 'ids.ndjson')
    expect(await db.export(archivedPair, sql(everyId), lines, { history: true })).toMatchObject({
      rows: count,
    })
    const text = readFileSync(lines, 'utf8').trim().split('\n')
    expect(text.map((line) => JSON.parse(line) as unknown)).toEqual(ids)
    const parquet = join(folder, 'ids.parquet')
    const report = await db.export(archivedPair, sql(everyId), parquet, { history: true })
    expect(report).toMatchObject({ rows: count, format: 'parquet' })
  })

  it('is asked over a connection and over HTTP', async () => {
    const db = manager()
    const whole = await db.query(archivedPair, calculateCvdQuery(), { history: true })
    expect(whole).toMatchObject([{ tradeCount: count }])
    const store = await connect({ dataDir: db.dataDir })
    onTestFinished(() => store.close())
    expect(await store.query(archivedPair, calculateCvdQuery(), { history: true })).toEqual(whole)
    expect(await store.queryColumns(archivedPair, counted, { history: true })).toEqual({
      n: Float64Array.of(count),
    })
    const file = join(temporaryFolder(), 'ids.csv')
    expect(await store.export(archivedPair, sql(everyId), file, { history: true })).toMatchObject({
      rows: count,
    })

    const url = `${await served(db)}/api/v1/pairs/${archivedPair}`
    expect(await json(`${url}/cvd?history=true`)).toEqual(whole)
    const post = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: counted.sql }
    expect(await json(`${url}/sql?history=true`, post)).toEqual([{ n: count }])
    expect((await fetch(`${url}/cvd?history=yes`)).status).toBe(400)
  })

  it('opens no part of another day, though each answer tells from when on all is held', async () => {
    const folder = temporaryFolder()
    const db = await openManager({ archive: folder, ...archiving, clock: () => timeOf(1200) })
    await db.insertTicks(archivedPair, numberedTicks(0, 1200))
    await db.archivePair(archivedPair)
    const within = { from: timeOf(600), to: timeOf(700), asOf: timeOf(700) }
    const bounded = everyAnalytic({ timeframe: '1m', binSize: 1, ...within }).filter(
      ({ name }) => !lookingBack.test(name),
    )
    const answers = async (): Promise<object[]> => {
      const all = []
      for (const each of bounded)
        all.push({ [each.name]: await db.query(archivedPair, each, { history: true }) })
      return all
    }
    const expected = await answers()
    expect(expected.length).toBeGreaterThan(15)
    const days = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /date=[-\d]+$/.test(path),
    )
    for (const day of days.filter((path) => !path.endsWith('2026-01-06')))
      rmSync(join(folder, day), { recursive: true })
    expect(await answers()).toEqual(expected)
  })

  it('is read by `sql` and `export` of the command line', async () => {
    const db = await openManager({ archive: temporaryFolder(), ...archiving, clock })
    await archiveMost(db)
    await db.close()
    const common = ['--data-dir', db.dataDir, '--json']
    const asked = await cliRun(['sql', archivedPair, counted.sql, '--history', ...common])
    expect(JSON.parse(asked.stdout)).toEqual([{ n: count }])
    const exported = await cliRun(['export', archivedPair, 'ticks', '--history', ...common])
    expect(JSON.parse(exported.stdout)).toHaveLength(count)
    const both = ['--history', '--with', `eth=${archivedPair}`]
    const refused = await cliRun(['sql', archivedPair, counted.sql, ...both, ...common])
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/--with/) as unknown,
    })
  })
})
