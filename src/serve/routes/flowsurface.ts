import type { FastifyRequest } from 'fastify'
import type { Pair } from '../../pair.ts'
import { query, type Query } from '../../queries/query.ts'
import { formatNamed } from '../../storage/export/row-formats.ts'
import type { RouteContext } from '../answer/route-context.ts'
import { ticksInOrderQuery } from '../../queries/ticks-in-order.ts'
import { answersNow } from './health.ts'

const venues: Readonly<Record<string, string>> = { okex: 'okx' }
const markets: Readonly<Record<string, readonly string[]>> = {
  spot: ['spot'],
  linear: ['linear', 'swap', 'futures', 'perp', 'usdm'],
  inverse: ['inverse', 'coinm'],
}

interface TradesQuery {
  readonly venue?: string
  readonly market?: string
  readonly symbol?: string
  readonly from?: string
  readonly to?: string
  readonly limit?: string
}

/** What flowsurface, a desktop footprint chart, asks of a server of past trades. */
export function addFlowsurfaceRoutes(context: RouteContext): void {
  const { app, store, answers, allow } = context
  const started = performance.now()
  app.get('/trades.arrow', async (request, reply) => {
    allow(request, 'read')
    const asked = request.query as TradesQuery
    const trades = tradesQuery(asked, { fallback: 100_000, max: 1_000_000 })
    const pair = await answers.onTime(request, () => pairNamed(context, asked))
    const format = formatNamed('arrow')
    if (pair === undefined) return nothingStored(request, reply)
    return answers.rows({ request, reply, store, pair, query: trades, format })
  })
  app.get('/trades', async (request) => {
    allow(request, 'read')
    const asked = request.query as TradesQuery
    const trades = tradesQuery(asked, { fallback: 1000, max: 10_000 })
    return answers.inTime(request, async (signal) => {
      const pair = await pairNamed(context, asked)
      return { trades: pair === undefined ? [] : await store.query(pair, trades, { signal }) }
    })
  })
  app.get('/pairs', async (request) => {
    allow(request, 'read')
    const listed = await answers.inTime(request, async (signal) => {
      const listing = async (pair: Pair): Promise<object> => ({
        ticker: tickerOf(pair),
        ...(await extentOf(context, pair, signal)),
      })
      return Promise.all((await store.listPairs({ signal })).map(listing))
    })
    return { pairs: listed, tracked_count: listed.length }
  })
  app.get('/status', async (request) => ({
    status: 'ok',
    uptime_secs: Math.round((performance.now() - started) / 1000),
    db_ok: await answersNow(context, request),
  }))
  app.get('/exchanges', async (request) => {
    allow(request, 'read')
    const exchanges: Record<string, string[]> = {}
    for (const pair of await answers.onTime(request, (signal) => store.listPairs({ signal })))
      (exchanges[`${titled(venueOf(pair))} ${titled(marketOf(pair))}`] ??= []).push(
        idOf(pair).toUpperCase(),
      )
    return { exchanges }
  })

  async function nothingStored(
    request: FastifyRequest,
    reply: Parameters<typeof answers.rows>[0]['reply'],
  ) {
    // A stream without batches says "no trades"; any other status is shown as an error.
    const parts: Buffer[] = []
    for await (const part of formatNamed('arrow').text(tradeColumns, none()))
      parts.push(Buffer.from(part))
    void request
    return reply.header('content-type', formatNamed('arrow').contentType).send(Buffer.concat(parts))
  }
}

const tradeColumns = [
  { name: 'ts', kind: 'int64' },
  { name: 'price', kind: 'float64' },
  { name: 'qty', kind: 'float64' },
  { name: 'is_sell', kind: 'boolean' },
] as const

async function* none(): AsyncGenerator<never, void, undefined> {}

interface Trade {
  readonly ts: number
  readonly price: number
  readonly qty: number
  readonly is_sell: boolean
}

/**
 * The oldest trades from a moment on. The client asks on from the millisecond after the last one,
 * so a page never ends inside a millisecond: it goes on to that one's last trade.
 */
function tradesQuery(
  { from, to, limit }: TradesQuery,
  limits: { readonly fallback: number; readonly max: number },
): Query<Trade> {
  const first = wholeNumber('from', from) ?? 0
  // Both ends are inclusive, and in whole milliseconds: the last one with all its microseconds.
  const last = wholeNumber('to', to) ?? 4_102_444_800_000
  const rows = Math.min(Math.max(1, wholeNumber('limit', limit) ?? limits.fallback), limits.max)
  const window = `timestamp >= make_timestamp($first) AND timestamp < make_timestamp($end)`
  return ticksInOrderQuery(
    'tradesQuery',
    {
      select: `epoch_ms(timestamp) AS ts, price, volume AS qty, side = 'SELL' AS is_sell`,
      where: window,
      and: `epoch_ms(timestamp) <= coalesce((
        SELECT epoch_ms(timestamp) FROM ticks WHERE ${window}
        ORDER BY timestamp LIMIT 1 OFFSET ${rows - 1}), 9223372036854775807)`,
    },
    { first: BigInt(first) * 1000n, end: (BigInt(last) + 1n) * 1000n },
  )
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,15}$/.test(text))
    throw new TypeError(`expected \`${name}\` to be a whole number, got ${text.slice(0, 40)}`)
  return Number(text)
}

/** The stored pair that venue, market and the exchange's lower-case id mean; undefined: none is stored. */
async function pairNamed(
  { store }: RouteContext,
  { venue, market, symbol }: TradesQuery,
): Promise<Pair | undefined> {
  if (venue === undefined || market === undefined || symbol === undefined)
    throw new TypeError('expected `venue`, `market` and `symbol`')
  const pairs = await store.listPairs()
  return pairs.find(
    (pair) =>
      (pair.exchange === venue || pair.exchange === venues[venue]) &&
      (markets[market] ?? [market]).includes(pair.market) &&
      idOf(pair) === symbol.toLowerCase(),
  )
}

/** The exchange's own id: `BTC/USDT` and `BTCUSDT` are one there, `BTC/USDT:USDT` too. */
function idOf({ symbol, exchange }: Pair): string {
  const plain = symbol.replace(/:.*$/, '')
  return (
    exchange === 'okx' || exchange === 'okex' ? plain.replace('/', '-') : plain.replace('/', '')
  ).toLowerCase()
}

function venueOf({ exchange }: Pair): string {
  return exchange === 'okx' ? 'okex' : exchange
}

function marketOf({ market }: Pair): string {
  return Object.keys(markets).find((name) => markets[name]!.includes(market)) ?? market
}

function tickerOf(pair: Pair): string {
  return `${titled(venueOf(pair))}${titled(marketOf(pair))}:${idOf(pair)}`
}

function titled(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

async function extentOf(
  { store }: RouteContext,
  pair: Pair,
  signal: AbortSignal,
): Promise<{ earliest: number | null; latest: number | null }> {
  const extent: Query<{ earliest: number | null; latest: number | null }> = query(
    'extent',
    `SELECT epoch_ms(min(timestamp)) AS earliest, epoch_ms(max(timestamp)) AS latest FROM ticks`,
  )
  const [row] = await store.query(pair, extent, { signal }).catch(() => [])
  return row ?? { earliest: null, latest: null }
}
