import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, it } from 'vitest'
import {
  detectFvgQuery,
  getCandlesQuery,
  calculateTpoProfileQuery,
  type Candle,
  type CandleRow,
  type StoredCandle,
  type Tick,
  type Timeframe,
} from '../../../src/index.ts'
import { timeframeMs } from '../../../src/time.ts'
import { candleDifferences, foldCandles } from '../../support/candle-fold.ts'
import { sql, shareManager } from '../../support/store.ts'
import { epoch, randomTicks } from '../../support/ticks.ts'

const manager = shareManager({ candles: ['1s', '1m', '5m', '1h', '1d'] })

let pairs = 0
const newPair = (): string => `x/spot/P${++pairs}`

function bar(timestamp: number, price: number, more: Partial<Candle> = {}): Candle {
  return {
    timestamp,
    open: price,
    high: price + 2,
    low: price - 1,
    close: price + 1,
    volume: 3,
    ...more,
  }
}

it.each(['1s', '1m', '5m', '1h', '1d'] as const)(
  'stored bars of %s are found',
  async (timeframe) => {
    const [db, pair] = [manager(), newPair()]
    await db.insertCandles(pair, timeframe, [bar(Date.UTC(2024, 0, 2), 100)])
    expect(await db.query(pair, getCandlesQuery({ timeframe }))).toMatchObject([
      { open: 100, close: 101, volume: 3, buyVolume: null, source: `candles_${timeframe}` },
    ])
  },
)

it('bars that are not there are folded from finer ones, and say from which', async () => {
  const [db, pair] = [manager(), newPair()]
  const minutes = [0, 1, 4, 7].map((minute) => bar(epoch + minute * 60_000, 100 + minute))
  await db.insertCandles(pair, '1m', minutes)
  const first = { open: 100, high: 106, low: 99, close: 105, volume: 9, source: 'candles_1m' }
  const second = { open: 107, high: 109, low: 106, close: 108, volume: 3, source: 'candles_1m' }
  const fives = await db.query(pair, getCandlesQuery({ timeframe: '5m' }))
  expect(fives).toMatchObject([first, second])
  const halfHours = getCandlesQuery({ timeframe: '30m' })
  const whole = { open: 100, high: 109, low: 99, close: 108, volume: 12, buyVolume: null }
  expect(await db.query(pair, halfHours)).toMatchObject([{ ...whole, source: 'candles_1m' }])
  expect((await db.queryColumns(pair, halfHours)).source).toEqual(['candles_1m'])
  const tpo = calculateTpoProfileQuery({ binSize: 1 })
  expect(await db.query(pair, tpo)).toMatchObject([{ high: 109, sources: ['candles_1m'] }])
})

it('a sum of which a part is unknown is unknown', async () => {
  const [db, pair] = [manager(), newPair()]
  const known = { buyVolume: 1, sellVolume: 2, quoteVolume: 300, tradeCount: 4 }
  await db.insertCandles(pair, '1m', [
    bar(epoch, 100, known),
    bar(epoch + 60_000, 100, { ...known, tradeCount: null }),
  ])
  expect(await db.query(pair, getCandlesQuery({ timeframe: '5m' }))).toMatchObject([
    { buyVolume: 2, sellVolume: 4, quoteVolume: 600, tradeCount: null },
  ])
})

it('what begins first is taken: history as candles, then live trades', async () => {
  const [db, pair] = [manager(), newPair()]
  await db.insertCandles(pair, '1m', [bar(epoch, 100), bar(epoch + 60_000, 101)])
  const live = { timestamp: epoch + 150_000, price: 90, volume: 1, side: 'BUY' } as const
  await db.insertTicks(pair, [live, { ...live, timestamp: epoch + 3_600_000 }])
  expect(await db.query(pair, getCandlesQuery({ timeframe: '1h' }))).toMatchObject([
    { open: 100, low: 90, close: 90, volume: 7, source: 'candles_1m' },
    { open: 90, volume: 1, source: 'candles_1h' },
  ])
})

it('when nothing can be given, the answer says what is there', async () => {
  const [db, pair] = [manager(), newPair()]
  await db.insertCandles(pair, '1h', [bar(epoch, 100)])
  const fine = getCandlesQuery({ timeframe: '1m' })
  const refusal = {
    code: 'QUERY_FAILED',
    message: expect.stringMatching(
      /no bars of 1m, and nothing that they could be folded from: the file holds candles of 1h, and no ticks$/,
    ) as string,
    details: { timeframe: '1m', keptCandles: ['1h'] },
  }
  await expect(db.query(pair, fine)).rejects.toMatchObject(refusal)
  await expect(db.queryColumns(pair, fine)).rejects.toMatchObject(refusal)
  await expect(db.query(pair, detectFvgQuery({ timeframe: '5m' }))).rejects.toMatchObject({
    code: 'QUERY_FAILED',
  })
  const stream = await db.streamColumns(pair, fine)
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusal)
  // A window without trades is no such case.
  const later = { from: epoch + 86_400_000 }
  expect(await db.query(pair, getCandlesQuery({ timeframe: '1d', ...later }))).toEqual([])
})

it('a bar that retention has cut into is not made of what is left', async () => {
  const [db, pair] = [manager(), newPair()]
  const ticks = [0, 50, 70, 130].map((minute): Tick => ({
    timestamp: epoch + minute * 60_000,
    price: 100 + minute,
    volume: 1,
    side: 'BUY',
  }))
  await db.insertTicks(pair, ticks)
  const keep = { ticks: 0, candles_1m: 600_000, candles_1h: 600_000 }
  await db.cleanupPair(pair, { now: epoch + 55 * 60_000, keep })
  const hours = await db.query(pair, getCandlesQuery({ timeframe: '1h' }))
  // 1d holds more, and is no part of an hour; 5m keeps what 1h has lost.
  expect(hours.map(({ timestamp, source }) => [timestamp - epoch, source])).toEqual([
    [0, 'candles_5m'],
    [3_600_000, 'candles_1h'],
    [7_200_000, 'candles_1h'],
  ])
})

it('equals a walk over any mixture, with all sources planned or with those alone that matter', async () => {
  const given = array(
    record({ timeframe: constantFrom('1s', '1m', '5m', '1h'), at: nat(5400), price: nat(50) }),
    { maxLength: 6 },
  )
  await assert(
    asyncProperty(randomTicks({ maxLength: 40 }), given, async (ticks, candles) => {
      const [db, pair] = [manager(), newPair()]
      await db.insertTicks(pair, ticks)
      const views = new Map<string, Map<number, Begun>>()
      for (const timeframe of kept) views.set(timeframe, viewOf(ticks, timeframe))
      for (const { timeframe, at, price } of candles) {
        const width = timeframeMs[timeframe]
        const timestamp = Math.floor((epoch + at * 1000) / width) * width
        const candle = bar(timestamp, price + 10)
        await db.insertCandles(pair, timeframe, [candle])
        views.get(timeframe)!.set(timestamp, { ...candle, ...unknown, begins: timestamp })
      }
      for (const timeframe of ['5m', '1h'] as const) {
        const query = getCandlesQuery({ timeframe })
        const rows = await db.query(pair, query)
        const expected = walk(views, timeframe)
        expect(rows.map(({ source }) => source)).toEqual(expected.map(({ source }) => source))
        expect(candleDifferences(rows, withoutSource(expected))).toEqual([])
        const whole = await db.query<CandleRow>(pair, sql(query.sql))
        expect(withoutSource(whole)).toEqual(withoutSource(rows))
      }
    }),
    { numRuns: 4 },
  )
})

function withoutSource(rows: readonly (StoredCandle & { begins?: number; source: string })[]) {
  return rows.map(({ source: _source, begins: _begins, ...candle }): StoredCandle => candle)
}

type Begun = StoredCandle & { readonly begins: number }
const kept = ['1d', '1h', '5m', '1m', '1s'] as const
const unknown = { buyVolume: null, sellVolume: null, quoteVolume: null, tradeCount: null }

function viewOf(ticks: readonly Tick[], timeframe: Timeframe): Map<number, Begun> {
  const width = timeframeMs[timeframe]
  return new Map(
    foldCandles(ticks, width).map((candle) => {
      const own = ticks.filter(
        ({ timestamp }) => Math.floor(timestamp / width) * width === candle.timestamp,
      )
      return [
        candle.timestamp,
        { ...candle, begins: Math.min(...own.map(({ timestamp }) => timestamp)) },
      ]
    }),
  )
}

/** Per bar the source that begins first, the coarsest of equals, by the plainest loop. */
function walk(views: ReadonlyMap<string, ReadonlyMap<number, Begun>>, timeframe: Timeframe) {
  const width = timeframeMs[timeframe]
  const bars = new Map<number, Begun & { source: string }>()
  for (const finer of kept.filter((each) => width % timeframeMs[each] === 0)) {
    const found = new Map<number, Begun[]>()
    const view = [...views.get(finer)!.values()].toSorted((a, b) => a.timestamp - b.timestamp)
    for (const candle of view) {
      const start = Math.floor(candle.timestamp / width) * width
      found.set(start, [...(found.get(start) ?? []), candle])
    }
    for (const [timestamp, pieces] of found) {
      const begins = Math.min(...pieces.map((piece) => piece.begins))
      if (begins >= (bars.get(timestamp)?.begins ?? Infinity)) continue
      const sum = (field: 'volume' | keyof typeof unknown) =>
        pieces.some((piece) => piece[field] === null)
          ? null
          : pieces.reduce((total, piece) => total + piece[field]!, 0)
      bars.set(timestamp, {
        timestamp,
        open: pieces[0]!.open,
        high: Math.max(...pieces.map(({ high }) => high)),
        low: Math.min(...pieces.map(({ low }) => low)),
        close: pieces.at(-1)!.close,
        volume: sum('volume')!,
        buyVolume: sum('buyVolume'),
        sellVolume: sum('sellVolume'),
        quoteVolume: sum('quoteVolume'),
        tradeCount: sum('tradeCount'),
        begins,
        source: `candles_${finer}`,
      })
    }
  }
  return [...bars.values()].toSorted((a, b) => a.timestamp - b.timestamp)
}
