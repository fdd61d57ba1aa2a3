import { copyFileSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DatabaseManager, type Tick } from '../../../src/index.ts'
import { parsePair } from '../../../src/pair.ts'
import { Engine } from '../../../src/storage/duckdb/engine.ts'
import { pairFiles } from '../../../src/storage/file/pair-files.ts'
import { measureState } from '../../../src/storage/file/pair-state.ts'
import { provedState, type SealedState } from '../../../src/storage/file/sealed-state.ts'
import { readState } from '../../../src/storage/file/state-file.ts'
import { readLogMarks } from '../../../src/storage/write/log-marks.ts'
import { readWriterState, stateOf } from '../../../src/storage/write/writer-state.ts'
import { timeframes, type Timeframe } from '../../../src/time.ts'
import { cliJson } from '../../support/cli-run.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import {
  copiesOf,
  countTicks,
  nextEvent,
  openManager,
  someTicks,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const minute = 60_000
const start = Date.UTC(2024, 7, 8, 11, 56)
const candles: Timeframe[] = ['1m', '5m', '1h']

let engine: Engine
beforeAll(async () => {
  engine = await Engine.start()
})
afterAll(() => engine.stop())

/** What the state file proves of the pair's file, which is closed. */
async function proved(dataDir: string): Promise<SealedState | undefined> {
  const files = pairFiles(dataDir, parsePair(pair))
  return provedState(files, await readState(files.state))
}

/** What the file itself tells, when it is asked. */
async function asked(dataDir: string) {
  const alias = await engine.attach(pairFiles(dataDir, parsePair(pair)).database)
  const connection = await engine.connect(alias)
  const kept = timeframes.filter((timeframe) => candles.includes(timeframe))
  const told = {
    state: await measureState(connection, kept, true),
    writer: (await readWriterState(connection)).state,
    logs: Object.fromEntries((await readLogMarks(connection)).applied),
  }
  connection.closeSync()
  await engine.detach(alias)
  return told
}

/** A closed pair with some ticks, of which the state file tells all. */
async function closedPair(options: { retention?: 'forever' } = {}): Promise<string> {
  const dataDir = temporaryFolder()
  await make(dataDir, options)
  return dataDir
}

/** Copies of one: of these the state files tell nothing until they were opened and closed. */
const made = copiesOf(make)

async function make(dataDir: string, options: { retention?: 'forever' } = {}): Promise<void> {
  const db = await openManager({ dataDir, candles, ...options })
  await db.insertTicks(pair, someTicks(100, { from: start }))
  await db.close()
}

const feed = fc
  .record({
    at: fc.nat(90),
    count: fc.integer({ min: 1, max: 40 }),
    everyMs: fc.constantFrom(0.5, 700, 31_000),
  })
  .map(({ at, count, everyMs }) =>
    Array.from({ length: count }, (_, index): Tick => ({
      timestamp: start + at * minute + index * everyMs,
      price: 1 + (index % 4),
      volume: 1,
      side: index % 3 === 0 ? 'SELL' : 'BUY',
      ...(index % 5 > 0 && { tradeId: String(at * 1000 + index) }),
    })),
  )
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: feed.map((ticks) => (db: DatabaseManager) => db.insertTicks(pair, ticks)),
  },
  {
    weight: 1,
    arbitrary: fc.nat(90).map((at) => async (db: DatabaseManager) => {
      const bar = { timestamp: start + at * minute, open: 1, high: 1, low: 1, close: 1, volume: 1 }
      await db.insertCandles(pair, '1m', [bar])
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(90)
      .map((at) => (db: DatabaseManager) => db.cleanupPair(pair, { now: start + at * minute })),
  },
  { weight: 1, arbitrary: fc.constant((db: DatabaseManager) => db.refreshAnalytics(pair)) },
  {
    weight: 1,
    arbitrary: fc.constant((db: DatabaseManager) => db.setRetention(pair, { ticks: 30 * minute })),
  },
  {
    weight: 1,
    arbitrary: fc.constant((db: DatabaseManager) =>
      db.withConnection(pair, (lease) => lease.execute('DELETE FROM fair_value_gaps')),
    ),
  },
)

it('a state file tells what its file would tell, whatever was done to the pair', async () => {
  let told = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 4 }), fc.boolean()), {
        minLength: 1,
        maxLength: 8,
        size: 'max',
      }),
      async (sessions) => {
        const dataDir = await made()
        const retention = { ticks: 20 * minute, candles_1m: 40 * minute }
        const open = () => openManager({ dataDir, candles, retention, localSocket: false })
        let db = await open()
        for (const [steps, isWithAll] of sessions) {
          for (const take of steps) await take(db)
          if (isWithAll) await db.close()
          else await db.pool.release(pair)
          if (await tellsTheSame(dataDir)) told++
          // Each manager has a log of its own.
          if (isWithAll) db = await open()
        }
        await db.close()
      },
    ),
    { numRuns: propertyRuns(3) },
  )
  expect(told).toBeGreaterThan(0)
})

/** Compares a closed pair's state file with the file; says whether it tells it all without the file. */
async function tellsTheSame(dataDir: string): Promise<boolean> {
  const file = await asked(dataDir)
  const state = (await readState(pairFiles(dataDir, parsePair(pair)).state))!
  const { seal: _seal, writer: _writer, logs: _logs, ...content } = state
  expect(content).toEqual(file.state)
  const told = await proved(dataDir)
  if (told === undefined) return false
  expect(told.logs).toEqual(file.logs)
  const { maxId, newest, unrolled: _, ...marks } = stateOf(told.writer)
  // What waits for a roll-up the writer itself knows only about.
  const { maxId: least, newest: last, unrolled: __, ...same } = file.writer
  expect(marks).toEqual({ ...same, analyzedUntil: expect.any(Number) })
  expect(newest).toBeGreaterThanOrEqual(last)
  expect(maxId.length).toBeGreaterThanOrEqual(least.length)
  return true
}

it.each<[string, (db: DatabaseManager) => Promise<unknown>]>([
  ['a tick between bars', (db) => db.insertTicks(pair, tickAt(45))],
  ['a tick before all bars', (db) => db.insertTicks(pair, tickAt(-1))],
  ['ticks of some new bars', (db) => db.insertTicks(pair, [91, 93, 92].flatMap(tickAt))],
  ['a hole', (db) => db.insertTicks(pair, tickAt(91), { gaps: [hole] })],
  [
    'passes that delete',
    async (db) => {
      await db.insertFairValueGaps(pair, [filled])
      await db.pool.release(pair)
      for (const at of [91, 95, 108, 111]) {
        await db.insertTicks(pair, [at, at + 1].flatMap(tickAt))
        await db.cleanupPair(pair, { now: start + (at + 2) * minute })
      }
      await db.insertTicks(pair, tickAt(113))
    },
  ],
])('a state file tells it all after %s', async (_what, insert) => {
  const dataDir = await closedPair()
  // The first time something that its state does not tell: the second manager counts from there.
  for (const then of [(db: DatabaseManager) => db.insertTicks(pair, tickAt(90)), insert]) {
    const db = await openManager({ dataDir, candles })
    await then(db)
    await db.close()
    expect(await tellsTheSame(dataDir)).toBe(true)
  }
})

const filled = {
  timestamp: start + 88 * minute,
  timeframe: '1m',
  type: 'bullish',
  priceLow: 1,
  priceHigh: 2,
  filledPct: 100,
  knownAt: start + 89 * minute,
  touchedAt: null,
  midAt: null,
  filledAt: start + 89 * minute,
} as const

const hole = {
  fromTime: start + 90 * minute,
  toTime: start + 91 * minute,
  fromId: '1',
  toId: '3',
  state: 'open',
  reason: 'test',
  tries: 0,
  openedAt: start,
  closedAt: null,
} as const

function tickAt(at: number): Tick[] {
  return [{ timestamp: start + at * minute, price: 1, volume: 1, side: 'BUY' }]
}

it.each<[string, (dataDir: string) => void]>([
  ['was written to', (dataDir) => touch(database(dataDir))],
  [
    'is another one with the same times',
    (dataDir) => {
      const { atime, mtime } = statSync(database(dataDir))
      const bytes = readFileSync(database(dataDir))
      writeFileSync(database(dataDir), bytes)
      utimesSync(database(dataDir), atime, mtime)
    },
  ],
  ['has a log again', (dataDir) => writeFileSync(`${database(dataDir)}.wal`, 'x')],
  [
    'has a state that somebody wrote to',
    (dataDir) => {
      const { state } = pairFiles(dataDir, parsePair(pair))
      writeFileSync(state, readFileSync(state, 'utf8').replace('"rows": 100', '"rows": 101'))
    },
  ],
])('a state file proves nothing of a file that %s', async (_what, change) => {
  const dataDir = await closedPair()
  expect(await proved(dataDir)).toMatchObject({ relations: { ticks: { rows: 100 } } })
  change(dataDir)
  expect(await proved(dataDir)).toBeUndefined()
})

it('a file that is opened and only read stays one that its state tells of', async () => {
  const dataDir = await closedPair()
  for (let round = 0; round < 2; round++) {
    const db = await openManager({ dataDir })
    expect(await countTicks(db, pair)).toBe(100)
    await db.close()
    expect(await proved(dataDir)).toBeDefined()
  }
})

it('an older file of the same size and times is asked, and what it lacks is told', async () => {
  const dataDir = await closedPair({ retention: 'forever' })
  const older = `${temporaryFolder()}/older.duckdb`
  copyFileSync(database(dataDir), older)
  const db = await openManager({ dataDir })
  expect(
    await db.insertTicks(pair, someTicks(5, { from: start + 1000, first: 200 })),
  ).toMatchObject({ inserted: 5 })
  await db.close()
  const { atime, mtime } = statSync(database(dataDir))
  copyFileSync(older, database(dataDir))
  utimesSync(database(dataDir), atime, mtime)
  const later = await openManager({ dataDir })
  const lost = nextEvent(later, 'rowsLost')
  expect(await later.verify(pair)).toMatchObject({ ok: false })
  expect(await lost).toMatchObject({ pair, expectedRows: 105, foundRows: 100 })
})

it('trades that came before are known again in a file that was not asked', async () => {
  const dataDir = await closedPair()
  const db = await openManager({ dataDir })
  const again = someTicks(100, { from: start })
  expect(await db.insertTicks(pair, again)).toMatchObject({ inserted: 0, duplicates: 100 })
  expect(await countTicks(db, pair)).toBe(100)
})

function database(dataDir: string): string {
  return pairFiles(dataDir, parsePair(pair)).database
}

function touch(file: string): void {
  utimesSync(file, new Date(), new Date())
}

it.each(['of another pair', 'of before'])(
  'a state %s decides nothing: cleanup and stats ask the file, which keeps its ticks',
  async (which) => {
    const dataDir = temporaryFolder()
    const [file, other] = [pair, 'x/spot/B'].map(
      (each) => pairFiles(dataDir, parsePair(each)).state,
    )
    const first = await openManager({ dataDir })
    await first.setRetention('x/spot/B', { ticks: minute })
    await first.insertTicks('x/spot/B', someTicks(1, { from: start }))
    await first.setRetention(pair, { ticks: minute })
    await first.insertTicks(pair, someTicks(1, { from: start }))
    await first.close()
    const before = readFileSync(file!)
    const second = await openManager({ dataDir })
    await second.setRetention(pair, 'forever')
    await second.insertTicks(pair, someTicks(100, { from: start }))
    await second.close()
    const putThere = (): void => {
      if (which === 'of before') writeFileSync(file!, before)
      else copyFileSync(other!, file!)
    }
    putThere()
    const [stats] = await cliJson<{ relations: { relation: string; rows: number }[] }[]>([
      'stats',
      pair,
      '--data-dir',
      dataDir,
    ])
    expect(stats!.relations).toContainEqual(
      expect.objectContaining({ relation: 'ticks', rows: 100 }),
    )
    putThere()
    const db = await openManager({ dataDir })
    await db.cleanupPair(pair, { now: Date.now() })
    expect(await countTicks(db, pair)).toBe(100)
    await db.pool.release(pair)
    // Who only read it has left a state that is right.
    expect(await proved(dataDir)).toMatchObject({ relations: { ticks: { rows: 100 } } })
  },
)
