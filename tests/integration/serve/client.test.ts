import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type MarketStore } from '../../../src/client/index.ts'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  calculateCvdQuery,
  calculateFootprintQuery,
  type DatabaseManager,
  getCandlesQuery,
  getRecentTicksQuery,
  rowsOfBatch,
  type Gap,
  type Query,
  type Tick,
} from '../../../src/index.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { served } from '../../support/http.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { shareManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const manager = shareManager()
const writerToken = 'a writer token of some length'

interface Ends {
  /** The end under test. */
  readonly store: MarketStore
  /** The manager behind it, or itself. */
  readonly db: DatabaseManager
}

async function connected(
  target: Parameters<typeof connect>[0],
  token?: string,
): Promise<MarketStore> {
  const store = await connect(target, token === undefined ? {} : { token })
  onTestFinished(() => store.close())
  return store
}

const ends: Readonly<Record<string, () => Promise<Ends>>> = {
  DatabaseManager: async () => ({ store: manager(), db: manager() }),
  'connect({ dataDir })': async () => {
    const db = manager()
    return { store: await connected({ dataDir: db.dataDir }), db }
  },
  'connect(url)': async () => {
    const db = manager()
    const url = await served(db, { writerToken })
    return { store: await connected(url, writerToken), db }
  },
}

describe.each(Object.entries(ends))('a MarketStore by %s', (name, open) => {
  const market = `x/market${Object.keys(ends).indexOf(name)}`

  it('reads several pairs in one statement, exactly', async () => {
    const { store } = await open()
    const [btc, eth] = [`${market}/BTC`, `${market}/ETH`]
    const from = Date.UTC(2026, 0, 5)
    await store.insertTicks(btc, someTicks(30, { from }))
    await store.insertTicks(eth, someTicks(20, { from, price: 10 }))
    const both =
      sql(`SELECT count(*) AS n, max(eth.price) AS p, 'nan'::DOUBLE AS nan, -0.0::DOUBLE AS zero,
      {n: 'x', o: [1, NULL]} AS nested, max(btc.timestamp) AS at FROM btc.ticks AS btc JOIN eth.ticks AS eth USING (timestamp)`)
    expect(await store.queryPairs({ btc, eth }, both)).toEqual([
      { n: 20, p: 19, nan: NaN, zero: -0, nested: { n: 'x', o: [1, null] }, at: from + 19 },
    ])
    const own = sql('SELECT count(*) AS n FROM ticks')
    expect(await store.queryPairs({ eth }, own, { unqualified: btc })).toEqual([{ n: 30 }])
    const refused = sql(`SELECT * FROM read_csv('/etc/hostname')`)
    await expect(store.queryPairs({ btc, eth }, refused)).rejects.toMatchObject({
      code: expect.stringMatching(/REFUSED/) as string,
    })
    await expect(store.queryPairs({ btc }, sql('SELECT 1 FROM eth.ticks'))).rejects.toThrow(/eth/)
    await expect(store.queryPairs({ '1x': btc }, own)).rejects.toThrow(TypeError)
    await expect(store.queryPairs({ btc, no: `${market}/NONE` }, own)).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
  })

  it('stores every kind of row and counts it', async () => {
    const { store, db } = await open()
    const pair = `${market}/A/B`
    const ticks = someTicks(20)
    expect(await store.insertTicks(pair, ticks)).toMatchObject({ inserted: 20, duplicates: 0 })
    expect(await store.insertTicks(pair, ticks)).toMatchObject({ inserted: 0, duplicates: 20 })
    const columns = {
      timestamp: Float64Array.of(ticks[19]!.timestamp + 0.001),
      price: Float64Array.of(1.1),
      volume: Float64Array.of(2.2),
      side: ['SELL'] as const,
      tradeId: ['last'],
    }
    expect(await store.insertTicks(pair, columns)).toMatchObject({ inserted: 1 })
    const opening = Math.floor(Date.now() / 60_000) * 60_000 - 60_000 * 5
    const candle = { timestamp: opening, open: 1, high: 2, low: 1, close: 2, volume: 0 }
    expect(await store.insertCandles(pair, '1m', [candle])).toMatchObject({ inserted: 1 })
    expect(await store.insertOrderFlow(pair, [])).toMatchObject({ inserted: 0 })
    const newest = getRecentTicksQuery({ limit: 3 })
    expect(await store.query(pair, newest)).toEqual(await db.query(pair, newest))
    expect(await store.recentTicks(pair, 3)).toEqual(await db.query(pair, newest))
    const bars = await db.query(pair, getCandlesQuery({ timeframe: '1m', limit: 2 }))
    for (let asked = 0; asked < 2; asked++)
      expect(await store.lastCandles(pair, '1m', 2)).toEqual(
        bars.map(({ source: _source, ...candle }) => candle),
      )
    for (const wrong of [store.recentTicks(pair, 0), store.lastCandles(pair, '1m', 1.5)])
      await expect(wrong).rejects.toThrow(RangeError)
    await expect(store.lastCandles(pair, '2m' as never)).rejects.toThrow(TypeError)
    expect(await store.listPairs()).toEqual(await db.listPairs())
    expect(await store.stats()).toMatchObject({ size: db.stats().size, pendingTicks: 0 })
    expect(await store.verify(pair)).toMatchObject({ ok: true })
    expect(await store.cleanupPair(pair)).toMatchObject({ pair })
  })

  it('reads ticks of a class with its getters, as an object of it is read', async () => {
    const { store } = await open()
    class Trade {
      readonly timestamp = Date.UTC(2026, 0, 5)
      readonly price = 1
      readonly volume = 1
      readonly side = 'BUY'
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
    const pair = `${market}/CLASS`
    for (const counts of [{ inserted: 1 }, { duplicates: 1 }])
      expect(await store.insertTicks(pair, [new WithTradeId()])).toMatchObject(counts)
    await expect(store.insertTicks(pair, [new WithOtherId()])).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { field: 'trade_id' },
    })
  })

  it('answers queries as rows, as columns and as a stream', async () => {
    const { store, db } = await open()
    const pair = `${market}/READ`
    await db.insertTicks(pair, someTicks(20_000))
    for (const query of [
      calculateCvdQuery({ lookbackMinutes: 15 }),
      calculateFootprintQuery({ timeframe: '1m', binSize: 3 }),
      getCandlesQuery({ timeframe: '1m' }),
      sql(
        `SELECT 'NaN'::DOUBLE AS a, 'inf'::DOUBLE AS b, NULL AS c, true AS d, -0.0::DOUBLE AS e, DATE '2024-01-02' AS f`,
      ),
    ] as Query<unknown>[]) {
      expect(await store.query(pair, query)).toEqual(await db.query(pair, query))
      expect(await store.queryColumns(pair, query)).toEqual(await db.queryColumns(pair, query))
    }
    const stream = await store.streamColumns(pair, sql('SELECT * FROM ticks'), { batchRows: 4096 })
    let rows = 0
    for await (const batch of stream) rows += rowsOfBatch(stream.columns, batch).length
    expect(rows).toBe(20_000)
    const binds = {
      name: 'binds',
      sql: 'SELECT $a AS a, $b AS b, $c AS c',
      params: { a: 2n ** 60n, b: 'é\'"', c: null },
    }
    expect(await store.query(pair, binds)).toEqual(await db.query(pair, binds))
  })

  it('takes 32-bit prices for the decimals they were made from, and no 32-bit times', async () => {
    const { store, db } = await open()
    const pair = `${market}/FLOATS`
    const prices = [42283.7, 0.1, 1.1, 16777216, 3.4e38, 1e-30, 0.00001234]
    const timestamp = prices.map((_, at) => Date.UTC(2026, 0, 5) + at)
    const side = prices.map(() => 'BUY' as const)
    const [price, volume] = [Float32Array.from(prices), Float32Array.from(prices.toReversed())]
    await store.insertTicks(pair, { timestamp, price, volume, side })
    const stored = await db.query(pair, getRecentTicksQuery({ limit: 10 }))
    const byTime = stored.toSorted((one, other) => one.timestamp - other.timestamp)
    expect(byTime.map((tick) => tick.price)).toEqual(prices)
    expect(byTime.map((tick) => tick.volume)).toEqual(prices.toReversed())
    const times = Float32Array.from(timestamp)
    await expect(
      store.insertTicks(pair, { timestamp: times, price: prices, volume, side }),
    ).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { field: 'timestamp' },
      message: expect.stringContaining('`timestamp` is a Float32Array'),
    })
  })

  it('throws the same errors', async () => {
    const { store, db } = await open()
    const pair = `${market}/ERRORS/B`
    await db.insertTicks(pair, someTicks(1))
    await expect(store.query('x/spot/NONE', sql('SELECT 1'))).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
    await expect(store.query(pair, sql('SELECT nothing FROM ticks'))).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
    const bad = [{ ...someTicks(1)[0]!, price: NaN }]
    await expect(store.insertTicks(pair, bad)).rejects.toMatchObject({
      code: 'INVALID_TICK',
      details: { index: 0, field: 'price' },
    })
    const stop = new AbortController()
    const slow = store.query(
      pair,
      sql('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b'),
      {
        signal: stop.signal,
      },
    )
    stop.abort()
    await expect(slow).rejects.toMatchObject({ code: 'ABORTED' })
    const late = sql(
      `SELECT CASE WHEN range = 600000 THEN error('x') ELSE 'y' END AS v FROM range(900000)`,
    )
    await expect(store.query(pair, late)).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    if (store === db) return
    await store.close()
    await expect(store.query(pair, sql('SELECT 1'))).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('keeps a ledger of holes', async () => {
    const { store, db } = await open()
    const pair = `${market}/HOLES`
    const [tick, next] = someTicks(2) as [Tick, Tick]
    const gap: Gap = {
      fromTime: tick.timestamp,
      toTime: next.timestamp,
      fromId: tick.tradeId!,
      toId: next.tradeId!,
      state: 'unfillable',
      reason: 'the exchange was away',
      tries: 3,
      openedAt: next.timestamp,
      closedAt: null,
    }
    await store.insertTicks(pair, [tick, next], { gaps: [gap] })
    expect(await store.gaps(pair)).toEqual([gap])
    expect(await db.gaps(pair)).toEqual([gap])
    await expect(
      store.insertTicks(pair, [], { gaps: [{ ...gap, tries: -1 }] }),
    ).rejects.toMatchObject({ code: 'INVALID_ROW', details: { field: 'tries' } })
  })

  it('tells events', async () => {
    const { store, db } = await open()
    const pair = `${market}/A/B`
    const told = new Promise((resolve) => store.on('ticksStored', resolve))
    // What is called after `on` waits until events are told.
    await store.stats()
    await db.insertTicks(pair, someTicks(1, { first: 1000 }))
    expect(await told).toMatchObject({ pair, counts: { inserted: 1 } })
  })

  it('is followed', async () => {
    const { store, db } = await open()
    const pair = `${market}/FOLLOWED`
    await db.insertTicks(pair, someTicks(1))
    const seen: number[] = []
    const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')
    for await (const [row] of store.follow(pair, count)) {
      seen.push(row!.n)
      if (seen.length === 3) break
      await db.insertTicks(pair, someTicks(1, { first: 1 + seen.length }))
    }
    expect(seen).toEqual([1, 2, 3])
  })
})

it('gives the answers of the manager after any history', async () => {
  const db = manager()
  const store = await connected({ dataDir: db.dataDir })
  const now = Date.now() - 60_000
  const tick = fc.record({
    timestamp: fc.integer({ min: 0, max: 50_000_000 }).map((micros) => now + micros / 1000),
    price: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    volume: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    // Not blank: such an id is refused.
    tradeId: fc.option(
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).map((text) => `${text}~`),
      { nil: undefined },
    ),
  })
  let number = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(tick, { maxLength: 50 }), { maxLength: 6, size: 'max' }),
      async (calls) => {
        const [here, there] = [`x/spot/H${++number}`, `x/spot/T${number}`]
        for (const ticks of calls)
          expect(await store.insertTicks(there, ticks)).toEqual(await db.insertTicks(here, ticks))
        if (calls.length === 0) return
        for (const query of [
          sql('SELECT * FROM ticks ORDER BY ALL'),
          getCandlesQuery({ timeframe: '1m' }),
        ] as Query<unknown>[])
          expect(await store.query(there, query)).toEqual(await db.query(here, query))
      },
    ),
    { numRuns: propertyRuns(2) },
  )
})

describe('a server that is killed and started anew', () => {
  it('has every tick once when the client goes on', async () => {
    const dataDir = temporaryFolder()
    const start = async (wanted: number) => {
      const program = await childProgram(new URL('../../support/store-owner.ts', import.meta.url))
      const child = fork(program, [dataDir, String(wanted)])
      const port = await nextWord<number>(child)
      return { child, port }
    }
    let owner = await start(0)
    const { port } = owner
    const stop = (): void => void owner.child.kill('SIGKILL')
    onTestFinished(stop)
    const store = await connect(`http://127.0.0.1:${port}`, {
      token: writerToken,
      reconnectMs: 60_000,
    })
    onTestFinished(() => store.close())
    const pair = 'x/spot/KILLED'
    const given = someTicks(3000)
    const inserting = (async () => {
      for (let at = 0; at < given.length; at += 20)
        await store.insertTicks(pair, given.slice(at, at + 20))
    })()
    await nextStored(store)
    const back = new Promise((resolve) => store.on('reconnected', resolve))
    owner.child.kill('SIGKILL')
    await once(owner.child, 'exit')
    owner = await start(port)
    await inserting
    expect(await back).toEqual({ awayMs: expect.any(Number) as number })
    const ids = await store.query(
      pair,
      sql<{ n: number; d: number }>(
        'SELECT count(*) AS n, count(DISTINCT trade_id) AS d FROM ticks',
      ),
    )
    expect(ids).toEqual([{ n: 3000, d: 3000 }])
  })
})

/** Resolves when the store tells of ticks. */
function nextStored(store: MarketStore): Promise<void> {
  return new Promise((resolve) => {
    const listener = (): void => {
      store.off('ticksStored', listener)
      resolve()
    }
    store.on('ticksStored', listener)
  })
}
