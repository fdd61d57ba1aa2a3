import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { getCandlesQuery, type Tick } from '../../../src/index.ts'
import { json, served } from '../../support/http.ts'
import { fileOf, shareManager, someTicks } from '../../support/store.ts'

const store = shareManager({ retention: 'forever' })

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
    const from = Math.floor(Date.now()) - 60_000
    // Pages end inside runs of one millisecond, and inside a millisecond by their microseconds.
    const ticks = Array.from({ length: 200 }, (_, index): Tick => ({
      timestamp: from + (index < 120 ? 5 : Math.floor(index / 7)) + (index % 10) / 1000,
      price: index + 1,
      volume: 1,
      side: index % 2 === 0 ? 'BUY' : 'SELL',
      tradeId: String(index),
    }))
    await store().insertTicks('binance/spot/BTC/USDT', ticks)
    const url = await served(store())
    for (const limit of [1, 10, 119, 120, 400_000]) {
      const trades = await walk(url, from, limit)
      expect(trades.map(({ price }) => price).sort((a, b) => a - b)).toEqual(
        ticks.map(({ price }) => price),
      )
      expect(trades.map(({ ts }) => ts)).toEqual(trades.map(({ ts }) => ts).sort((a, b) => a - b))
    }
    const none = await fetch(`${url}/trades.arrow?venue=bybit&market=linear&symbol=xrpusdt&from=0`)
    expect(tableFromIPC(await none.arrayBuffer()).numRows).toBe(0)
  })

  it('lists pairs, exchanges and status, and trades as JSON', async () => {
    const ticks = someTicks(3, { from: Math.floor(Date.now()) - 5000 })
    await store().insertTicks('bybit/swap/ETH/USDT:USDT', ticks)
    const url = await served(store())
    const { pairs } = await json<{ pairs: unknown[] }>(`${url}/pairs`)
    expect(pairs).toContainEqual({
      ticker: 'BybitLinear:ethusdt',
      earliest: ticks[0]!.timestamp,
      latest: ticks[2]!.timestamp,
    })
    const { exchanges } = await json<{ exchanges: Record<string, string[]> }>(`${url}/exchanges`)
    expect(exchanges['Bybit Linear']).toEqual(['ETHUSDT'])
    expect(await json(`${url}/status`)).toMatchObject({ status: 'ok', db_ok: true })
    const { trades } = await json<{ trades: unknown[] }>(
      `${url}/trades?venue=bybit&market=linear&symbol=ethusdt&from=0`,
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
  readonly o?: number[]
  readonly h?: number[]
  readonly c?: number[]
  readonly v?: number[]
  readonly nextTime?: number
}

/** Ticks in minutes 0, 1, 2, 5, 6 and 60 of an hour; what the adapter asks of them. */
async function withBars(pair: string) {
  const start = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000
  const ticks = [0, 1, 2, 5, 6, 60].map((minute, index) => ({
    ...someTicks(1, { first: index + 1, price: 100 + index })[0]!,
    timestamp: start + minute * 60_000 + 500,
  }))
  await store().insertTicks(pair, ticks)
  const url = await served(store())
  const at = (minute: number): number => start / 1000 + minute * 60
  const ask = (resolution: string, from: number, to: number, more = ''): Promise<History> =>
    json(
      `${url}/udf/history?symbol=${encodeURIComponent(pair)}&resolution=${resolution}&from=${from}&to=${to}${more}`,
    )
  return { url, at, ask }
}

describe('TradingView by UDF', () => {
  it('says what its adapter has to know', async () => {
    const pair = 'kraken/spot/SOL/USD'
    const { url } = await withBars(pair)
    const config = await json<{ supports_search: boolean; supported_resolutions: string[] }>(
      `${url}/udf/config`,
    )
    expect(config.supports_search).toBe(true)
    const [found] = await json<{ ticker: string }[]>(
      `${url}/udf/search?query=SOL&type=&exchange=&limit=30`,
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
    const pair = 'kraken/spot/XRP/USD'
    const { ask, at } = await withBars(pair)
    const whole = await ask('1', at(0), at(61))
    const bars = await store().query(pair, getCandlesQuery({ timeframe: '1m' }))
    expect(whole.t).toEqual(bars.map(({ timestamp }) => timestamp / 1000))
    expect(whole.c).toEqual(bars.map(({ close }) => close))
    expect((await ask('1', at(1), at(5))).t).toEqual([at(1), at(2)])
    expect((await ask('1', at(50), at(60), '&countback=2')).t).toEqual([at(5), at(6)])
    expect(await ask('1', at(10), at(50))).toEqual({ s: 'no_data', nextTime: at(6) })
    expect(await ask('1', at(-50), at(0))).toEqual({ s: 'no_data' })
    expect(await ask('1', 0, 1)).toEqual({ s: 'no_data' })
    expect(await ask('7', 0, 1)).toMatchObject({ s: 'error' })
  })

  it('folds bars of every length, from candles that are kept as from the trades', async () => {
    const pair = 'kraken/spot/ADA/USD'
    const { ask, at } = await withBars(pair)
    for (const [resolution, timeframe, seconds] of [
      ['1S', '1s', 1],
      ['3', '3m', 180],
      ['30', '30m', 1800],
      ['60', '1h', 3600],
      ['240', '4h', 14_400],
      ['1D', '1d', 86_400],
    ] as const) {
      const got = await ask(resolution, at(-100_000), at(61))
      const ticks = getCandlesQuery({ timeframe, source: 'ticks' })
      const bars = await store().query(pair, ticks)
      expect(got.t).toEqual(bars.map(({ timestamp }) => timestamp / 1000))
      expect(got.t!.every((time) => time % seconds === 0)).toBe(true)
      for (const [name, read] of [
        ['o', 'open'],
        ['h', 'high'],
        ['c', 'close'],
        ['v', 'volume'],
      ] as const)
        expect(got[name]).toEqual(bars.map((bar) => bar[read]))
    }
  })

  it('says what went wrong instead of that there is nothing', async () => {
    const file = fileOf(store().dataDir, 'kraken/spot/BAD')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, 'no database')
    const url = await served(store())
    for (const call of ['history', 'timescale_marks'])
      expect(
        await json(`${url}/udf/${call}?symbol=kraken/spot/BAD&resolution=1&from=0&to=9e9`),
      ).toMatchObject({ s: 'error', errmsg: expect.stringContaining('BAD') as string })
  })
})
