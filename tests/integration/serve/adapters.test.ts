import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { getCandlesQuery, type DatabaseManager, type Tick } from '../../../src/index.ts'
import { json, served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'binance/spot/BTC/USDT'

/** Pages as flowsurface's client walks: on from the millisecond after the last trade, until none come. */
async function walk(
  url: string,
  from: number,
  limit: number,
): Promise<{ ts: number; price: number }[]> {
  const trades: { ts: number; price: number }[] = []
  for (let next = from; ; next = trades.at(-1)!.ts + 1) {
    const query = `venue=binance&market=spot&symbol=btcusdt&from=${next}&to=${from + 3_600_000}&limit=${limit}`
    const answer = await fetch(`${url}/trades.arrow?${query}`)
    expect(answer.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream')
    const table = tableFromIPC(await answer.arrayBuffer())
    expect(table.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual([
      ['ts', 'Int64'],
      ['price', 'Float64'],
      ['qty', 'Float64'],
      ['is_sell', 'Bool'],
    ])
    if (table.numRows === 0) return trades
    for (const row of table.toArray() as { ts: bigint; price: number }[])
      trades.push({ ts: Number(row.ts), price: row.price })
  }
}

describe('flowsurface', () => {
  it('walks every trade exactly once, also where a millisecond holds more than a page', async () => {
    const db = await openManager()
    const from = Math.floor(Date.now()) - 60_000
    // Pages end inside runs of one millisecond, and inside a millisecond by their microseconds.
    const ticks = Array.from({ length: 500 }, (_, index): Tick => ({
      timestamp: from + (index < 300 ? 5 : Math.floor(index / 7)) + (index % 10) / 1000,
      price: index + 1,
      volume: 1,
      side: index % 2 === 0 ? 'BUY' : 'SELL',
      tradeId: String(index),
    }))
    await db.insertTicks(pair, ticks)
    const url = await served(db)
    for (const limit of [1, 10, 299, 300, 400_000]) {
      const trades = await walk(url, from, limit)
      expect(trades.map(({ price }) => price).sort((a, b) => a - b)).toEqual(
        ticks.map(({ price }) => price),
      )
      expect(trades.map(({ ts }) => ts)).toEqual(trades.map(({ ts }) => ts).sort((a, b) => a - b))
    }
    const none = await fetch(`${url}/trades.arrow?venue=bybit&market=linear&symbol=ethusdt&from=0`)
    expect(tableFromIPC(await none.arrayBuffer()).numRows).toBe(0)
  })

  it('lists pairs, exchanges and status, and trades as JSON', async () => {
    const db = await openManager()
    const ticks = someTicks(3, { from: Math.floor(Date.now()) - 5000 })
    await db.insertTicks(pair, ticks)
    const url = await served(db)
    expect(await json(`${url}/pairs`)).toEqual({
      pairs: [
        {
          ticker: 'BinanceSpot:btcusdt',
          earliest: ticks[0]!.timestamp,
          latest: ticks[2]!.timestamp,
        },
      ],
      tracked_count: 1,
    })
    expect(await json(`${url}/exchanges`)).toEqual({ exchanges: { 'Binance Spot': ['BTCUSDT'] } })
    expect(await json(`${url}/status`)).toMatchObject({ status: 'ok', db_ok: true })
    const { trades } = await json<{ trades: unknown[] }>(
      `${url}/trades?venue=binance&market=spot&symbol=btcusdt&from=0`,
    )
    expect(trades[0]).toEqual({
      ts: ticks[0]!.timestamp,
      price: ticks[0]!.price,
      qty: ticks[0]!.volume,
      is_sell: false,
    })
  })
})

interface History {
  readonly s: string
  readonly t?: number[]
  readonly c?: number[]
  readonly nextTime?: number
}

async function withBars(): Promise<{ db: DatabaseManager; url: string; start: number }> {
  const db = await openManager({ retention: { ticks: 'forever', candles_1m: 'forever' } })
  const start = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000
  const ticks = [0, 1, 2, 5, 6, 60].map((minute, index) => ({
    ...someTicks(1, { first: index + 1, price: 100 + index })[0]!,
    timestamp: start + minute * 60_000 + 500,
  }))
  await db.insertTicks(pair, ticks)
  return { db, url: await served(db), start }
}

describe('TradingView by UDF', () => {
  it('says what its adapter has to know', async () => {
    const { url } = await withBars()
    const config = await json<{ supports_search: boolean; supported_resolutions: string[] }>(
      `${url}/udf/config`,
    )
    expect(config.supports_search).toBe(true)
    const [found] = await json<{ ticker: string }[]>(
      `${url}/udf/search?query=BTC&type=&exchange=&limit=30`,
    )
    const info = await json<Record<string, unknown>>(
      `${url}/udf/symbols?symbol=${encodeURIComponent(found!.ticker)}`,
    )
    expect(info).toMatchObject({
      ticker: pair,
      has_intraday: true,
      minmov: 1,
      pricescale: 100,
      session: '24x7',
      timezone: 'Etc/UTC',
    })
    expect('s' in info).toBe(false)
    expect(await json(`${url}/udf/symbols?symbol=NONE`)).toMatchObject({ s: 'error' })
    expect(
      Math.abs(Number(await (await fetch(`${url}/udf/time`)).text()) - Date.now() / 1000),
    ).toBeLessThan(60)
  })

  it('gives aligned, ascending bars, then no_data with the next time, then no_data alone', async () => {
    const { db, url, start } = await withBars()
    const at = (minute: number): number => start / 1000 + minute * 60
    const ask = (from: number, to: number, more = ''): Promise<History> =>
      json(
        `${url}/udf/history?symbol=${encodeURIComponent(pair)}&resolution=1&from=${from}&to=${to}${more}`,
      )
    const whole = await ask(at(0), at(61))
    const bars = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    expect(whole.t).toEqual(bars.map(({ timestamp }) => timestamp / 1000))
    expect(whole.c).toEqual(bars.map(({ close }) => close))
    expect((await ask(at(1), at(5))).t).toEqual([at(1), at(2)])
    expect((await ask(at(50), at(60), '&countback=2')).t).toEqual([at(5), at(6)])
    expect(await ask(at(10), at(50))).toEqual({ s: 'no_data', nextTime: at(6) })
    expect(await ask(at(-50), at(0))).toEqual({ s: 'no_data' })
    expect(await ask(0, 1)).toEqual({ s: 'no_data' })
    expect(
      await json(`${url}/udf/history?symbol=${encodeURIComponent(pair)}&resolution=7&from=0&to=1`),
    ).toMatchObject({ s: 'error' })
    const hours = await json<History>(
      `${url}/udf/history?symbol=${encodeURIComponent(pair)}&resolution=60&from=${at(0)}&to=${at(61)}`,
    )
    expect(hours.t).toEqual([at(0), at(60)])
  })
})
