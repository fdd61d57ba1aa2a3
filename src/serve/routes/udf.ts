import { formatPair, parsePair, type Pair } from '../../pair.ts'
import { detectFvgQuery } from '../../queries/index.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'
import type { RouteContext } from '../answer/route-context.ts'
import { barsOf, keeps, newestBarBefore, type Bar, type Source } from './udf-bars.ts'
import { priceDecimals } from './udf-figures.ts'

/** TradingView's names of bar lengths. */
const resolutions: Readonly<Record<string, Timeframe>> = {
  '1S': '1s',
  '1': '1m',
  '3': '3m',
  '5': '5m',
  '15': '15m',
  '30': '30m',
  '60': '1h',
  '240': '4h',
  '1D': '1d',
  D: '1d',
}
const offered = ['1S', '1', '3', '5', '15', '30', '60', '240', '1D']

interface Asked {
  readonly symbol?: string
  readonly resolution?: string
  readonly from?: string
  readonly to?: string
  readonly countback?: string
  readonly query?: string
  readonly exchange?: string
  readonly limit?: string
}

/**
 * TradingView's UDF protocol: what its adapter asks of a data feed. Times are Unix seconds. The
 * adapter reads no status codes, so what goes wrong is told as `s: 'error'`.
 */
export function addUdfRoutes(context: RouteContext): void {
  const { app, answers } = context
  const answer = (path: string, give: (source: Source, asked: Asked) => Promise<unknown>): void => {
    app.get(`/udf${path}`, async (request) => {
      context.allow(request, 'read')
      try {
        return await answers.onTime(request, (signal) =>
          give({ store: context.store, signal }, request.query as Asked),
        )
      } catch (error) {
        return { s: 'error', errmsg: error instanceof Error ? error.message : 'failed' }
      }
    })
  }
  answer('/config', async ({ store }) => {
    const exchanges = new Set((await store.listPairs()).map(({ exchange }) => exchange))
    return {
      supports_search: true,
      supports_group_request: false,
      supports_marks: false,
      supports_timescale_marks: true,
      supports_time: true,
      supported_resolutions: offered,
      exchanges: [
        { value: '', name: 'All', desc: '' },
        ...[...exchanges].map((name) => ({ value: name, name, desc: name })),
      ],
      symbols_types: [{ name: 'crypto', value: 'crypto' }],
    }
  })
  answer('/search', search)
  answer('/symbols', symbolInfo)
  answer('/history', history)
  answer('/timescale_marks', gapMarks)
  app.get('/udf/time', async (_request, reply) =>
    reply.type('text/plain').send(String(Math.floor(Date.now() / 1000))),
  )
}

async function search(
  { store }: Source,
  { query = '', exchange = '', limit }: Asked,
): Promise<object[]> {
  const wanted = query.toUpperCase()
  return (await store.listPairs())
    .filter((pair) => formatPair(pair).toUpperCase().includes(wanted))
    .filter((pair) => exchange === '' || pair.exchange === exchange.toLowerCase())
    .slice(0, Math.min(Number(limit ?? 30) || 30, 1000))
    .map((pair) => ({
      symbol: pair.symbol,
      full_name: formatPair(pair),
      description: `${pair.symbol} ${pair.market} on ${pair.exchange}`,
      exchange: pair.exchange,
      ticker: formatPair(pair),
      type: 'crypto',
    }))
}

/** The pair that a ticker, a full name or a bare symbol means. */
async function pairNamed({ store }: Source, name: string | undefined): Promise<Pair> {
  const pairs = await store.listPairs()
  const found =
    pairs.find((pair) => formatPair(pair) === name) ??
    pairs.find(
      (pair) => pair.symbol === name || `${pair.exchange}:${pair.symbol}` === name?.toLowerCase(),
    )
  if (found === undefined) throw new TypeError(`unknown symbol ${String(name).slice(0, 100)}`)
  return parsePair(found)
}

async function symbolInfo(source: Source, { symbol }: Asked): Promise<object> {
  const pair = await pairNamed(source, symbol)
  return {
    name: pair.symbol,
    ticker: formatPair(pair),
    description: `${pair.symbol} ${pair.market} on ${pair.exchange}`,
    type: 'crypto',
    session: '24x7',
    timezone: 'Etc/UTC',
    exchange: pair.exchange,
    listed_exchange: pair.exchange,
    minmov: 1,
    pricescale: 10 ** (await priceDecimals(source, pair)),
    has_intraday: true,
    intraday_multipliers: ['1', '3', '5', '15', '30', '60', '240'],
    has_seconds: true,
    seconds_multipliers: ['1'],
    has_daily: true,
    supported_resolutions: offered,
    volume_precision: 8,
    format: 'price',
    data_status: 'streaming',
  }
}

/** `from` is inclusive, `to` is not; `countback` counts bars back from `to` and outranks `from`. */
async function history(source: Source, asked: Asked): Promise<object> {
  const pair = await pairNamed(source, asked.symbol)
  const timeframe = timeframeOf(asked.resolution)
  const to = seconds('to', asked.to)
  const countback =
    asked.countback === undefined ? undefined : seconds('countback', asked.countback)
  const from = seconds('from', asked.from)
  const bars =
    countback === undefined || countback === 0
      ? await barsOf(source, pair, { timeframe, from: from * 1000, to: to * 1000 })
      : await barsOf(source, pair, { timeframe, to: to * 1000, limit: countback })
  if (bars.length === 0) {
    const before = await newestBarBefore(source, pair, { timeframe, to: to * 1000 })
    return { s: 'no_data', ...(before === undefined ? {} : { nextTime: before / 1000 }) }
  }
  const column = (read: (bar: Bar) => number): number[] => bars.map((bar) => read(bar))
  return {
    s: 'ok',
    t: column(({ timestamp }) => timestamp / 1000),
    o: column(({ open }) => open),
    h: column(({ high }) => high),
    l: column(({ low }) => low),
    c: column(({ close }) => close),
    v: column(({ volume }) => volume),
  }
}

function timeframeOf(resolution: string | undefined): Timeframe {
  const timeframe = resolutions[resolution ?? '']
  if (timeframe === undefined)
    throw new TypeError(`unknown resolution ${String(resolution).slice(0, 20)}`)
  return timeframe
}

function seconds(name: string, text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || text === '' || !Number.isFinite(value))
    throw new TypeError(`expected \`${name}\` to be a number, got ${String(text).slice(0, 40)}`)
  return value
}

/** Fair value gaps at the moment from which on they could be known. */
async function gapMarks(source: Source, asked: Asked): Promise<object[]> {
  const pair = await pairNamed(source, asked.symbol)
  const timeframe = timeframeOf(asked.resolution)
  const [from, to] = [seconds('from', asked.from) * 1000, seconds('to', asked.to) * 1000]
  const gaps = await source.store.query(
    pair,
    detectFvgQuery({
      timeframe,
      from: Math.max(from - 3 * timeframeMs[timeframe], 946_684_800_000),
      to: Math.max(to, 946_684_800_000),
      source: (await keeps(source, pair, timeframe)) ? 'candles' : 'ticks',
    }),
    { signal: source.signal },
  )
  return gaps
    .filter(({ knownAt }) => knownAt >= from && knownAt < to)
    .map(({ type, timestamp, knownAt, priceLow, priceHigh }) => ({
      id: `fvg-${type}-${timestamp}`,
      time: Math.ceil(knownAt / 1000),
      color: type === 'bullish' ? 'green' : 'red',
      label: 'G',
      tooltip: [`${type} fair value gap`, `${priceLow} – ${priceHigh}`],
    }))
}
