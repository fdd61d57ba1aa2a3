import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { DatabaseManager, getCandlesQuery, type Tick } from '../../../src/index.ts'
import { closedCandles } from '../../../src/record/index.ts'
import type { StoredBar } from '../../../src/storage/events/events.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { openManager, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const start = Date.UTC(2026, 0, 5)
const kept = ['1s', '1m', '15m'] as const

type Told = StoredBar & { readonly type: 'candleClosed' | 'candleCorrected' }

/** A tick so many seconds after the last one's time, or before it; the time a history has come to. */
interface Step {
  readonly passMs: number
  readonly backMs: number
  readonly price: number
  readonly endsCommit: boolean
  readonly restarts: boolean
}

const step = record<Step>({
  passMs: constantFrom(0, 400, 1000, 20_000, 200_000),
  backMs: constantFrom(0, 0, 0, 500, 3_000, 90_000, 1_000_000),
  price: integer({ min: 1, max: 9 }),
  endsCommit: boolean(),
  restarts: integer({ min: 0, max: 11 }).map((one) => one === 0),
})

/** All trades are older than the moment at which the history begins: the newest one's bars are open. */
const allBefore = [3_000, 1_000_000, 1_000_000, 90_000].map((backMs, at) => ({
  passMs: at === 0 ? 1_000 : 20_000,
  backMs,
  price: at + 1,
  endsCommit: at > 0,
  restarts: false,
}))

function listen(db: DatabaseManager, told: Told[]): void {
  db.on('candleClosed', (bar) => told.push({ type: 'candleClosed', ...bar }))
  db.on('candleCorrected', (bar) => told.push({ type: 'candleCorrected', ...bar }))
}

/** What SQL says of every bar now, by length and time. */
async function barsOf(db: DatabaseManager, name: string): Promise<Map<string, string>> {
  const bars = new Map<string, string>()
  for (const timeframe of kept)
    for (const { source: _, ...bar } of await db.query(name, getCandlesQuery({ timeframe })))
      bars.set(`${timeframe} ${bar.timestamp}`, JSON.stringify(bar))
  return bars
}

const keyOf = ({ timeframe, candle }: StoredBar): string => `${timeframe} ${candle.timestamp}`
const widths = { '1s': 1000, '1m': 60_000, '15m': 900_000 }

describe('candleClosed and candleCorrected', () => {
  it('tell each closed bar once, and last what SQL says of it, over late ticks and restarts', async () => {
    const dataDir = temporaryFolder()
    const options = { dataDir, candles: kept, retention: 'forever' } as const
    let db = await DatabaseManager.open(options)
    onTestFinished(() => db.close())
    let run = 0
    const history = async (steps: readonly Step[]): Promise<void> => {
      const name = `x/spot/R${run++}`
      const told: Told[] = []
      const stored: Map<string, string>[] = []
      listen(db, told)
      let [now, newest] = [start, -Infinity]
      let commit: Tick[] = []
      for (const [at, { passMs, backMs, price, endsCommit, restarts }] of steps.entries()) {
        now += passMs
        const timestamp = now - backMs
        newest = Math.max(newest, timestamp)
        commit.push({ timestamp, price, volume: 1, side: 'BUY', tradeId: String(at) })
        if (!endsCommit && at < steps.length - 1) continue
        await db.insertTicks(name, commit)
        commit = []
        stored.push(await barsOf(db, name))
        if (!restarts && at < steps.length - 1) continue
        await db.close()
        db = await DatabaseManager.open(options)
        listen(db, told)
      }
      db.removeAllListeners()
      const last = stored.at(-1)!
      const open = (key: string): boolean => {
        const [timeframe, time] = key.split(' ') as [(typeof kept)[number], string]
        return Number(time) + widths[timeframe] > newest - (newest % widths[timeframe])
      }
      const values = new Map<string, Told[]>()
      for (const bar of told) values.set(keyOf(bar), [...(values.get(keyOf(bar)) ?? []), bar])
      for (const [key, bars] of values) {
        const texts = bars.map(({ candle }) => JSON.stringify(candle))
        // Closed at most once, and first; a bar that came to be late is a correction from the first on.
        expect(bars.slice(1).every(({ type }) => type === 'candleCorrected')).toBe(true)
        expect(texts.every((text, at) => text !== texts[at - 1])).toBe(true)
        // Each value is one that the store had.
        expect(texts.filter((text) => !stored.some((then) => then.get(key) === text))).toEqual([])
        expect(texts.at(-1)).toBe(last.get(key))
      }
      const closed = [...last.keys()].filter((key) => !open(key))
      expect([...values.keys()].sort()).toEqual(closed.sort())
    }
    await assert(
      asyncProperty(array(step, { minLength: 1, maxLength: 20, size: 'max' }), history),
      { numRuns: propertyRuns(3), endOnFailure: true, examples: [[allBefore]] },
    )
  })

  it('reach a client, which alone asks for them, and every length by closedCandles', async () => {
    const db = await openManager({ candles: ['1m'], retention: 'forever' })
    const client = await connect({ dataDir: db.dataDir })
    onTestFinished(() => client.close())
    const closed = new Promise((resolve) => client.on('candleClosed', resolve))
    const corrected = new Promise((resolve) => client.on('candleCorrected', resolve))
    // What is called after `on` waits until events are told.
    await client.stats()
    expect(db.listenerCount('candleClosed')).toBe(1)
    const late = closedCandles(client, pair, '3m')
    const first = late.next()
    await client.insertTicks(pair, [tick(0, 5), tick(4, 7)])
    expect(await closed).toMatchObject({ pair, timeframe: '1m', candle: { close: 5 } })
    expect((await first).value).toMatchObject({ type: 'candleClosed', candle: { close: 5 } })
    await db.insertTicks(pair, [tick(0.5, 6)])
    expect(await corrected).toMatchObject({ pair, timeframe: '1m', candle: { close: 6 } })
    expect((await late.next()).value).toMatchObject({
      type: 'candleCorrected',
      candle: { timestamp: start, close: 6, volume: 2 },
    })
    await late.return()
    // Nobody listens any more: it costs nothing.
    const gone = new Promise<void>((resolve) => {
      db.on('removeListener', (name) => name === 'candleCorrected' && resolve())
    })
    await client.close()
    await gone
  })
})

function tick(minutes: number, price: number): Tick {
  const timestamp = start + minutes * 60_000
  return { timestamp, price, volume: 1, side: 'BUY', tradeId: String(minutes) }
}
