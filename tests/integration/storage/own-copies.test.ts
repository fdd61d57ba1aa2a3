import { describe, expect, it } from 'vitest'
import { executeInsert, type Gap } from '../../../src/index.ts'
import {
  detectFvgQuery,
  getCandlesQuery,
  insertOrderFlowQuery,
  insertTickQuery,
} from '../../../src/queries/index.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

const pair = 'x/spot/A'
const start = Date.UTC(2026, 0, 5, 12)
const clock = (): number => start + 60_000

const noGap: Gap = {
  fromTime: start - 9000,
  toTime: start,
  fromId: null,
  toId: null,
  state: 'open',
  reason: 'the connection was lost',
  tries: 0,
  openedAt: start,
  closedAt: null,
}

function prices(db: Awaited<ReturnType<typeof openManager>>): Promise<{ price: number }[]> {
  return db.query(
    pair,
    sql<{ price: number }>(`SELECT price FROM ticks WHERE trade_id <> 'first' ORDER BY trade_id`),
  )
}

/** Calls on a pair that is not open, and on one that is: both copy what they are given. */
describe.each([false, true])(
  'what a call was given is copied before it returns, open: %s',
  (isOpen) => {
    const opened = async (): ReturnType<typeof openManager> => {
      const db = await openManager({ clock })
      if (isOpen)
        await db.insertTicks(pair, [
          { ...someTicks(1)[0]!, timestamp: start - 5000, tradeId: 'first' },
        ])
      return db
    }

    it('gaps', async () => {
      const db = await opened()
      const [tick] = someTicks(1, { from: start })
      const gap: { -readonly [Field in keyof Gap]: Gap[Field] } = { ...noGap }
      const gaps = [gap]
      const stored = db.insertTicks(pair, [tick!], { gaps })
      gap.state = 'unfillable'
      gaps.length = 0
      await stored
      expect(await db.gaps(pair)).toMatchObject([{ state: 'open', reason: noGap.reason }])
    })

    it('ticks', async () => {
      const db = await opened()
      const ticks = [1, 2].map((id) => ({
        timestamp: start,
        price: id,
        volume: 1,
        side: 'BUY' as const,
        tradeId: `${id}`,
      }))
      const stored = db.insertTicks(pair, ticks)
      ticks[0]!.price = 99
      ticks.length = 0
      expect(await stored).toMatchObject({ inserted: 2 })
      expect(await prices(db)).toEqual([{ price: 1 }, { price: 2 }])
    })

    it('columns of ticks', async () => {
      const db = await opened()
      const columns = {
        timestamp: new Float64Array([start, start + 0.5]),
        price: new Float64Array([1, 2]),
        volume: new Float64Array([1, 1]),
        side: ['BUY', 'SELL'] as ('BUY' | 'SELL')[],
        tradeId: ['1', null] as (string | null)[],
      }
      const stored = db.insertTicks(pair, columns)
      columns.price.fill(99)
      columns.side.fill('BUY')
      columns.timestamp.fill(start + 7)
      expect(await stored).toMatchObject({ inserted: 2 })
      const rows = await db.query(
        pair,
        sql(
          `SELECT timestamp, price, side FROM ticks WHERE trade_id IS DISTINCT FROM 'first' ORDER BY 1`,
        ),
      )
      expect(rows).toEqual([
        { timestamp: start, price: 1, side: 'BUY' },
        { timestamp: start + 0.5, price: 2, side: 'SELL' },
      ])
    })

    it('candles and rows', async () => {
      const db = await opened()
      const candles = [{ timestamp: start, open: 1, high: 2, low: 1, close: 2, volume: 3 }]
      const flow = [
        {
          timestamp: start,
          timeframe: '1m' as const,
          cvd: 1,
          delta: 1,
          buyVolume: 1,
          sellVolume: 0,
          imbalanceRatio: null,
          knownAt: start,
        },
      ]
      const calls = [db.insertCandles(pair, '1m', candles), db.insertOrderFlow(pair, flow)]
      candles[0]!.volume = 99
      flow[0]!.cvd = 99
      candles.length = 0
      flow.length = 0
      await Promise.all(calls)
      expect(
        await db.query(pair, sql('SELECT volume FROM candles_1m WHERE volume = 3')),
      ).toHaveLength(1)
      expect(await db.query(pair, sql('SELECT cvd FROM order_flow'))).toEqual([{ cvd: 1 }])
    })

    it('a bad call makes no pair', async () => {
      const db = await openManager({ clock })
      const tick = { ...someTicks(1)[0]!, timestamp: start }
      await expect(db.insertTicks(pair, [{ ...tick, price: -1 }])).rejects.toMatchObject({
        code: 'INVALID_TICK',
      })
      await expect(db.insertCandles(pair, '1m', [{} as never])).rejects.toMatchObject({
        code: 'INVALID_CANDLE',
      })
      await expect(db.insertOrderFlow(pair, [{} as never])).rejects.toMatchObject({
        code: 'INVALID_ROW',
      })
      expect(await db.listPairs()).toEqual([])
    })
  },
)

describe('a tick', () => {
  const tick = { timestamp: start, price: 1, volume: 1, side: 'BUY' as const }
  it.each([
    ['trade_id', /did you mean `tradeId`/],
    ['id', /did you mean `tradeId`/],
    ['tradeid', /did you mean `tradeId`/],
    ['tardeId', /did you mean `tradeId`/],
    ['Price', /did you mean `price`/],
    ['cost', /unknown field `cost`; known: timestamp/],
  ])('with an unknown field `%s` is refused', async (field, reason) => {
    const db = await openManager({ clock })
    await expect(db.insertTicks(pair, [tick, { ...tick, [field]: '5' }])).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { index: 1, field },
      message: expect.stringMatching(reason),
    })
  })

  it.each([
    ['trade_id', /did you mean `tradeId`/],
    ['tradeIds', /did you mean `tradeId`/],
    ['id', /did you mean `tradeId`/],
    ['ids', /did you mean `tradeId`/],
    ['foo', /unknown field `foo`; known: timestamp/],
  ])('by column with an unknown one `%s` is refused', async (field, reason) => {
    const db = await openManager({ clock })
    const columns = { timestamp: [start], price: [1], volume: [1], side: ['BUY'], [field]: ['1'] }
    await expect(db.insertTicks(pair, columns as never)).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { field },
      message: expect.stringMatching(reason),
    })
    expect(await db.listPairs()).toEqual([])
  })

  class Trade {
    readonly timestamp = start
    readonly price = 1
    readonly volume = 1
    get side(): 'BUY' {
      return 'BUY'
    }
    notional(): number {
      return this.price * this.volume
    }
  }
  class WithTradeId extends Trade {
    get tradeId(): string {
      return '7'
    }
  }
  class WithOtherId extends Trade {
    get trade_id(): string {
      return '7'
    }
  }
  const hidden = Object.defineProperty({ ...tick }, 'id', { value: '7', enumerable: false })

  it.each([
    ['on a prototype', new WithOtherId(), 'trade_id'],
    ['behind a prototype', new (class extends WithOtherId {})(), 'trade_id'],
    ['that is not enumerable', hidden, 'id'],
  ])('with an unknown field %s is refused', async (_, given, field) => {
    const db = await openManager({ clock })
    await expect(db.insertTicks(pair, [tick, given])).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { index: 1, field },
    })
    expect(() => insertTickQuery({ tick: given })).toThrow(`unknown field \`${field}\``)
  })

  it('by column with an unknown one on a prototype is refused', async () => {
    const db = await openManager({ clock })
    class Columns {
      readonly timestamp = [start]
      readonly price = [1]
      readonly volume = [1]
      readonly side = ['BUY' as const]
      get id(): string[] {
        return ['7']
      }
    }
    await expect(db.insertTicks(pair, new Columns())).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { field: 'id' },
    })
  })

  it('of a class with getters and methods is stored once', async () => {
    const db = await openManager({ clock })
    const trade = new WithTradeId()
    expect(await db.insertTicks(pair, [trade])).toMatchObject({ inserted: 1 })
    expect(await db.insertTicks(pair, [trade])).toMatchObject({ duplicates: 1 })
    const insert = insertTickQuery({ tick: trade })
    expect(await executeInsert(db, pair, insert)).toMatchObject({ duplicates: 1 })
  })

  it.each([
    'None',
    'nan',
    'NaN',
    'NULL',
    'N/A',
    '\\N',
    'undefined',
    '[object Object]',
    '',
    ' ',
    '1.2345678901234568e+18',
    '3.73568E+09',
    '1e+21',
  ])('with the id `%s` is refused', async (tradeId) => {
    const db = await openManager({ clock })
    await expect(db.insertTicks(pair, [{ ...tick, tradeId }])).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { index: 0, field: 'tradeId' },
    })
  })

  it.each([
    '1',
    '0',
    '12e5',
    '3735683259',
    '5e884898da28047151d0e56f8dc62927',
    'nanotrade',
    'Nones',
    '1.5',
  ])('with the id `%s` is taken', async (tradeId) => {
    const db = await openManager({ clock })
    expect(await db.insertTicks(pair, [{ ...tick, tradeId }])).toMatchObject({ inserted: 1 })
  })
})

it('a hole that cannot be noted is refused before a file is made for its pair', async () => {
  const db = await openManager({ clock })
  const gaps = [{ ...noGap, tries: -1 }]
  await expect(db.insertTicks(pair, [], { gaps })).rejects.toMatchObject({
    code: 'INVALID_ROW',
    details: { index: 0, field: 'tries' },
  })
  expect(await db.listPairs()).toEqual([])
})

describe('rows', () => {
  const flow = {
    timestamp: start,
    timeframe: '1m' as const,
    cvd: 1,
    delta: 1,
    buyVolume: 1,
    sellVolume: 0,
    imbalanceRatio: null,
    knownAt: start,
  }
  const candle = { timestamp: start, open: 1, high: 1, low: 1, close: 1, volume: 1 }
  const candles = [candle, { ...candle, vol: 2 }]

  it('with unknown fields are refused with the name that was meant', async () => {
    const db = await openManager({ clock })
    await expect(db.insertCandles(pair, '1m', candles)).rejects.toMatchObject({
      code: 'INVALID_CANDLE',
      details: { index: 1, field: 'vol' },
      message: expect.stringContaining('candle 1: unknown field `vol`'),
    })
    await expect(db.insertOrderFlow(pair, [{ ...flow, cvdd: 1 } as never])).rejects.toMatchObject({
      code: 'INVALID_ROW',
      details: { index: 0, field: 'cvdd' },
      message: expect.stringContaining('did you mean `cvd`?'),
    })
    for (const call of [
      () => db.insertMarketProfile(pair, [{ vaHigh: 1 } as never]),
      () => db.insertZones(pair, [{ kind: 'demand' } as never]),
      () => db.insertFairValueGaps(pair, [{ fillPct: 1 } as never]),
    ])
      await expect(call()).rejects.toMatchObject({
        code: 'INVALID_ROW',
        message: expect.stringContaining('unknown field'),
      })
    expect(() => insertOrderFlowQuery({ orderFlow: { ...flow, cvdd: 1 } as never })).toThrow(
      'insertOrderFlowQuery: unknown field `cvdd`: did you mean `cvd`?',
    )
    expect(await db.listPairs()).toEqual([])
  })

  it('of a class are read with its getters', async () => {
    const db = await openManager({ clock })
    class Bar {
      readonly timestamp = start
      readonly open = 1
      readonly low = 1
      readonly volume = 1
      get high(): number {
        return this.open
      }
      get close(): number {
        return this.open
      }
    }
    expect(await db.insertCandles(pair, '1m', [new Bar()])).toMatchObject({ inserted: 1 })
  })

  it('that the library gave go in as they are', async () => {
    const db = await openManager({ clock })
    const bars = [
      [2, 1],
      [5, 2],
      [6, 4],
      [6, 5],
    ].map(([high, low], at) => ({
      ...candle,
      timestamp: start - (4 - at) * 60_000,
      open: low!,
      high: high!,
      low: low!,
      close: high!,
    }))
    await db.insertCandles(pair, '1m', bars)
    const given = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    expect(await db.insertCandles(pair, '1m', given)).toMatchObject({ replaced: 4 })
    const gaps = await db.query(pair, detectFvgQuery({ timeframe: '1m' }))
    expect(gaps).not.toHaveLength(0)
    expect(await db.insertFairValueGaps(pair, gaps)).toMatchObject({ inserted: gaps.length })
  })
})
