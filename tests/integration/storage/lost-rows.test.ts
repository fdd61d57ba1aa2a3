import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { copiesOf, fileOf, nextEvent, openManager, someTicks, sql } from '../../support/store.ts'
import { cliRun } from '../../support/cli-run.ts'

const pair = 'x/spot/A'
const from = Math.floor(Date.now() / 60_000 - 10) * 60_000
const all = someTicks(300, { from })

/** The file of 100 ticks and no rules in the place of the one of 300, which were to be kept for ever. */
const made = copiesOf(async (dataDir) => {
  const first = await openManager({ dataDir })
  await first.insertTicks(pair, all.slice(0, 100))
  await first.close()
  const older = readFileSync(fileOf(dataDir, pair))
  const second = await openManager({ dataDir, retention: { ticks: 'forever' } })
  await second.insertTicks(pair, all.slice(100))
  await second.close()
  writeFileSync(fileOf(dataDir, pair), older)
})

async function put(): Promise<string> {
  const dataDir = await made()
  // The copy for this test has other times than what it was made of.
  const state = fileOf(dataDir, pair).replace('.duckdb', '.state.json')
  utimesSync(state, new Date(from), new Date(from))
  return dataDir
}

const lost = { ok: false, problems: [expect.stringMatching(/^ticks: 300 rows .* rows are lost/)] }

it('what a file has lost is known until it is repaired, however often it is opened', async () => {
  const dataDir = await put()
  for (let round = 0; round < 3; round++) {
    const db = await openManager({ dataDir })
    const told = nextEvent(db, 'rowsLost')
    expect(await db.verify(pair)).toMatchObject(lost)
    expect(await told).toMatchObject({ pair, expectedRows: 300, foundRows: 100 })
    await db.close()
  }
  const db = await openManager({ dataDir })
  expect(await db.repair(pair)).toMatchObject({ action: 'rescued', lost: { ticks: 200 } })
  expect(await db.repair(pair)).toMatchObject({ action: 'none' })
  await db.close()
  const later = await openManager({ dataDir })
  expect(await later.verify(pair)).toMatchObject({ ok: true, rows: { ticks: 100 } })
})

it('newer ticks do not make up for those that are lost', async () => {
  const dataDir = await put()
  const db = await openManager({ dataDir })
  await db.insertTicks(pair, someTicks(400, { first: 9_000, from: Date.now() - 1000 }))
  await db.close()
  const later = await openManager({ dataDir })
  expect(await later.verify(pair)).toMatchObject(lost)
  expect(await later.repair(pair)).toMatchObject({ rows: { ticks: 500 }, lost: { ticks: 200 } })
})

it('an insert that brings them back ends it', async () => {
  const dataDir = await put()
  const db = await openManager({ dataDir })
  expect(await db.insertTicks(pair, all)).toMatchObject({ inserted: 200 })
  await db.close()
  const later = await openManager({ dataDir })
  expect(await later.verify(pair)).toMatchObject({ ok: true })
  await later.close()
  const state = readFileSync(fileOf(dataDir, pair).replace('.duckdb', '.state.json'), 'utf8')
  expect(JSON.parse(state)).not.toHaveProperty('lost')
})

it.each(['an older file', 'no file'])(
  'its rules are back with %s, before a cleanup',
  async (what) => {
    const dataDir = await put()
    if (what === 'no file') rmSync(fileOf(dataDir, pair))
    const db = await openManager({ dataDir })
    await db.insertTicks(pair, all)
    await db.close()
    const later = await openManager({ dataDir })
    await later.cleanupAllPairs({ now: new Date(Date.now() + 30 * 86_400_000) })
    expect(await later.verify(pair)).toMatchObject({ rows: { ticks: 300 } })
    const rules = await later.query(pair, sql('SELECT relation, keep_ms FROM retention_rules'))
    expect(rules).toContainEqual({ relation: 'ticks', keep_ms: null })
  },
)

it.each([
  ['candles', pair, '--timeframe', '1m'],
  ['stats'],
  ['sql', pair, 'SELECT count(*) AS n FROM ticks'],
  ['cleanup'],
])('`pairduck %s` tells of it on stderr, and it stays known', async (...command) => {
  const dataDir = await put()
  for (let round = 0; round < 2; round++) {
    const { stderr } = await cliRun([...command, '--data-dir', dataDir])
    expect(stderr).toMatch(/x\/spot\/A: ticks are lost: there were 300 .* 100 when opened/)
  }
  const db = await openManager({ dataDir })
  expect(await db.repair(pair)).toMatchObject({ lost: { ticks: 200 } })
})
