import { assert, asyncProperty } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  calculateCvdQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  calculateOrderFlowImbalanceQuery,
  calculateVwapQuery,
  detectFvgQuery,
  type DatabaseManager,
  type PairLike,
  type Query,
} from '../../../src/index.ts'
import {
  closedCandles,
  follow,
  replay,
  replayTicks,
  type CandleEvent,
} from '../../../src/record/index.ts'
import { randomTicks } from '../../support/random-market.ts'
import { openManager } from '../../support/store.ts'

const pair = 'x/spot/A'
const minute = 60_000
const start = Date.UTC(2026, 0, 5)
const forever = { retention: { ticks: 'forever', candles_1m: 'forever' } } as const

function tick(minutes: number, price: number, id: string) {
  const timestamp = start + minutes * minute
  return { timestamp, price, volume: 1, side: 'BUY', tradeId: id } as const
}

async function nextOf(events: AsyncGenerator<CandleEvent>): Promise<[string, number, number]> {
  const { value } = await events.next()
  const { type, candle } = value as CandleEvent
  return [type, (candle.timestamp - start) / minute, candle.close]
}

async function filled(minutes: number): Promise<DatabaseManager> {
  const db = await openManager(forever)
  const ticks = Array.from({ length: minutes * 4 }, (_, index) => ({
    ...tick(index / 4, 100 + Math.sin(index) * 5, String(index)),
    side: index % 3 === 0 ? ('SELL' as const) : ('BUY' as const),
  }))
  await db.insertTicks(pair, ticks)
  return db
}

describe('closedCandles', () => {
  it('gives each bar once, and again when a late trade changed it', async () => {
    const db = await openManager(forever)
    await db.insertTicks(pair, [tick(0, 100, '1')])
    const events = closedCandles(db, pair, '1m', { from: start })
    const first = nextOf(events)
    await db.insertTicks(pair, [tick(0.5, 101, '2'), tick(1, 102, '3'), tick(2, 103, '4')])
    expect(await first).toEqual(['candleClosed', 0, 101])
    expect(await nextOf(events)).toEqual(['candleClosed', 1, 102])
    await db.insertTicks(pair, [tick(0.75, 99, '5')])
    expect(await nextOf(events)).toEqual(['candleCorrected', 0, 99])
    await db.insertTicks(pair, [tick(3, 104, '6')])
    expect(await nextOf(events)).toEqual(['candleClosed', 2, 103])
    await events.return()
  })
})

describe('follow', () => {
  it('gives a query anew after each commit and ends with its signal', async () => {
    const db = await openManager(forever)
    await db.insertTicks(pair, [tick(0, 100, '1')])
    const stop = new AbortController()
    const rows = follow(db, pair, calculateCvdQuery(), { signal: stop.signal })
    expect((await rows.next()).value).toMatchObject([{ cvd: 1 }])
    await db.insertTicks(pair, [tick(1, 100, '2')])
    expect((await rows.next()).value).toMatchObject([{ cvd: 2 }])
    const last = rows.next()
    stop.abort()
    expect(await last).toEqual({ done: true, value: undefined })
  })

  it('is a call of the manager too, and ends when that closes', async () => {
    const db = await openManager(forever)
    await db.insertTicks(pair, [tick(0, 100, '1')])
    const rows = db.follow(pair, calculateCvdQuery())
    expect((await rows.next()).value).toMatchObject([{ cvd: 1 }])
    await db.insertTicks(pair, [tick(1, 100, '2')])
    expect((await rows.next()).value).toMatchObject([{ cvd: 2 }])
    const last = rows.next()
    await db.close()
    expect(await last).toEqual({ done: true, value: undefined })
  })
})

describe('replay', () => {
  it('gives the bars in order, and each what was known then', async () => {
    const db = await filled(15)
    const times: number[] = []
    for await (const bar of db.replay(pair, {
      timeframe: '1m',
      from: start,
      to: start + 15 * minute,
    })) {
      times.push((bar.candle.timestamp - start) / minute)
      const window = { lookbackMinutes: 10, now: bar.asOf, asOf: bar.asOf }
      expect(await bar.query(calculateCvdQuery, { lookbackMinutes: 10 })).toEqual(
        await db.query(pair, calculateCvdQuery(window)),
      )
      const [known] = await bar.query(calculateOrderFlowImbalanceQuery, {})
      expect(known).toMatchObject({ buyVolume: expect.any(Number) })
      const [profile] = await bar.query(calculateMarketProfileQuery, { binSize: 1 })
      expect(profile!.totalVolume).toBe(times.length * 4)
    }
    expect(times).toEqual(Array.from({ length: 15 }, (_, index) => index))
  })

  it('gives at each bar what a store says that has only the ticks before it', async () => {
    const past = await openManager({ ...forever, candles: ['1s'] })
    const then = await openManager({ ...forever, candles: ['1s'] })
    const lookback = { lookbackMinutes: 1 }
    const bars = { timeframe: '1s', source: 'ticks' } as const
    type Builder = (options: { now?: number; asOf?: number }) => Query<object>
    const builders: readonly Builder[] = [
      (at) => calculateCvdQuery({ ...lookback, ...at }),
      (at) => calculateVwapQuery({ ...lookback, ...at }),
      (at) => calculateMarketProfileQuery({ ...lookback, ...at, binSize: 1 }),
      (at) => calculateFootprintQuery({ ...lookback, ...at, timeframe: '1s', binSize: 1 }),
      ({ asOf }) => detectFvgQuery({ ...bars, asOf }),
    ]
    let run = 0
    await assert(
      asyncProperty(randomTicks(20), async (ticks) => {
        const name = `x/spot/R${run++}`
        await past.insertTicks(name, ticks)
        const [from, to] = [ticks[0]?.timestamp ?? 0, ticks.at(-1)?.timestamp ?? 0]
        let stored = 0
        const range = { from: Math.floor(from / 1000) * 1000, to: to + 1 }
        if (ticks.length === 0) return
        for await (const bar of replay(past, name, { timeframe: '1s', ...range })) {
          const known = ticks.filter(({ timestamp }) => timestamp < bar.asOf)
          await then.insertTicks(name, known.slice(stored))
          stored = known.length
          for (const [index, build] of builders.entries()) {
            const options = index === builders.length - 1 ? {} : lookback
            const given = await bar.query((at: object) => build(at), options)
            // A store that has nothing later needs no `asOf`: the window ends where it is.
            const said = await then.query(name, build({ now: bar.asOf }))
            expect([bar.asOf, index, given]).toEqual([bar.asOf, index, said])
          }
        }
      }),
      { numRuns: 2 },
    )
  })

  it('gives the ticks in their order, each with what came by its time', async () => {
    const db = await filled(15)
    let count = 0
    const counts: unknown[] = []
    for await (const { tick, query } of replayTicks(db, pair, {
      from: start,
      to: start + 15 * minute,
    })) {
      expect(tick.tradeId).toBe(String(count++))
      if (count % 20 === 0) counts.push(...(await query(calculateCvdQuery, {})))
    }
    expect(count).toBe(60)
    expect(counts).toMatchObject([{ tradeCount: 20 }, { tradeCount: 40 }, { tradeCount: 60 }])
  })

  it('reads a busy time in pages of rows, in order and each tick once', async () => {
    const db = await openManager(forever)
    const count = 130_000
    // All within two minutes, the last 60,000 of them in one millisecond.
    const timestamp = Float64Array.from({ length: count }, (_, row) =>
      row < 70_000 ? start + row : start + 100_000,
    )
    await db.insertTicks(pair, {
      timestamp,
      price: new Float64Array(count).fill(100),
      volume: new Float64Array(count).fill(1),
      side: Array<'BUY'>(count).fill('BUY'),
      tradeId: Array.from({ length: count }, (_, row) => String(row)),
    })
    const pages: number[] = []
    const source = {
      query: async <Row>(name: PairLike, query: Query<Row>): Promise<Row[]> => {
        const rows = await db.query(name, query)
        pages.push(rows.length)
        return rows
      },
    }
    let next = 0
    let strangers = 0
    for await (const { tick } of replayTicks(source, pair, { from: start, to: start + 3_600_000 }))
      if (tick.tradeId !== String(next++)) strangers++
    expect([next, strangers]).toEqual([count, 0])
    // A millisecond is never parted.
    expect(pages.filter((rows) => rows > 50_001)).toEqual([60_000])
    expect(pages.length).toBeLessThan(60)
  })
})
