import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { getCoverageQuery } from '../../../src/queries/index.ts'
import type { Query } from '../../../src/queries/query.ts'
import { PairduckError, type DatabaseManager, type ManagerOptions } from '../../../src/index.ts'
import type { MarketStore } from '../../../src/storage/market-store.ts'
import { timeframes, type Timeframe } from '../../../src/time.ts'
import { everyAnalytic, sameAnswer } from '../../support/every-analytic.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { oneIn } from '../../support/one-in.ts'
import { served } from '../../support/http.ts'
import { shareManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/EVERY'
/** `npm run test:long` asks at every timeframe, and of the longest in every window. */
const asksAll = propertyRuns(1) > 1
const hour = 3_600_000
const from = Date.UTC(2026, 9, 1, 1)
const clock = (): number => from + 5 * hour
const windows = [
  {},
  { from, to: from + 4 * hour, asOf: from + 5 * hour, reset: 'session' },
  { lookbackMinutes: 120, reset: 'session' },
]
const archiving: ManagerOptions = {
  retention: { ticks: { keepMs: hour, then: 'archive' } },
  candles: ['1s', '1m', '1h', '4h', '1d'],
}

/** Every builder of bars of a timeframe: over all that is stored, of a window, or of the last minutes. */
function everyQuestion(timeframe: Timeframe): Query<object>[] {
  // The texts of the longest one in a window are the longest.
  const at = timeframe === '1d' ? 1 : timeframes.indexOf(timeframe) % windows.length
  const asked = timeframe === '1d' && asksAll ? windows : [windows[at]!]
  return asked.flatMap(({ reset, ...window }) => {
    const options = { timeframe, binSize: 1, sizes: [1, 10], minVolume: 1, threshold: 1 }
    const more = { valueArea: 'pair', initialBalanceMinutes: 1440, ...(reset && { reset }) }
    return [
      ...everyAnalytic({ ...options, ...more, ...window }),
      getCoverageQuery({ timeframe, ...window }),
    ]
  })
}

async function answerOf(
  asked: MarketStore,
  query: Query<object>,
  history: boolean,
): Promise<unknown> {
  try {
    return await asked.query(pair, query, { history })
  } catch (error) {
    return error instanceof PairduckError ? [error.code, error.message] : error
  }
}

async function store(db: DatabaseManager): Promise<void> {
  await db.insertTicks(pair, someTicks(40, { from, stepMs: 330_000 }))
}

async function expectSame(
  db: DatabaseManager,
  timeframe: Timeframe,
  history: boolean,
): Promise<void> {
  const over = await connect(await served(db))
  onTestFinished(() => over.close())
  const questions = everyQuestion(timeframe)
  for (const query of history ? oneIn(3, questions) : questions) {
    const expected = await answerOf(db, query, history)
    const found = await answerOf(over, query, history)
    // Only an answer that differs is written out.
    const same = sameAnswer(found, expected)
    expect(same ? 'same' : { query: query.name, found }).toEqual(
      same ? 'same' : { query: query.name, found: expected },
    )
  }
}

describe('connect(url)', () => {
  const manager = shareManager({ clock }, store)
  const archive = mkdtempSync(join(tmpdir(), 'pairduck-archive-'))
  afterAll(() => rmSync(archive, { recursive: true, force: true }))
  const archived = shareManager({ clock, archive, ...archiving }, async (db) => {
    await store(db)
    await db.archivePair(pair)
  })

  it.each(asksAll ? timeframes : (['15m', '1d'] as const))(
    'answers every builder at %s as the manager does',
    (timeframe) => expectSame(manager(), timeframe, false),
  )

  it.each(asksAll ? (['1m', '1h', '1d'] as const) : (['1h'] as const))(
    'answers every builder at %s as the manager does, with history',
    (timeframe) => expectSame(archived(), timeframe, true),
  )
})
