import type { MadeTrade } from './market.ts'

export type ExchangeName = 'binance' | 'kraken' | 'bybit'

/** How one exchange speaks: RECORD of its public documentation, as ccxt parses it. */
export interface WireFormat {
  /** The markets, by path of the request. */
  readonly markets: (path: string) => unknown
  /** What a client's message asks for; undefined: nothing that concerns trades. */
  readonly answer: (message: Record<string, unknown>) => { reply: unknown; subscribes: boolean }
  /** One message with these trades. */
  readonly event: (trades: readonly MadeTrade[]) => unknown
  readonly tradesPath: string
  readonly klinesPath?: string
  /** The minutes of all trades, as far as they are of the exchange's own. */
  readonly klines?: (all: readonly MadeTrade[]) => unknown
  /** Trades of the past for a request. */
  readonly page: (all: readonly MadeTrade[], query: URLSearchParams, limit: number) => unknown
}

const ms = (trade: MadeTrade): number => Math.floor(trade.micros / 1000)
const iso = (trade: MadeTrade): string =>
  `${new Date(ms(trade)).toISOString().slice(0, 19)}.${String(trade.micros % 1_000_000).padStart(6, '0')}Z`

const binanceSymbol = {
  symbol: 'BTCUSDT',
  status: 'TRADING',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  baseAssetPrecision: 8,
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  orderTypes: ['LIMIT'],
  isSpotTradingAllowed: true,
  permissions: ['SPOT'],
  permissionSets: [['SPOT']],
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000', tickSize: '0.01' },
    { filterType: 'LOT_SIZE', minQty: '0.00001', maxQty: '9000', stepSize: '0.00001' },
    { filterType: 'NOTIONAL', minNotional: '5' },
  ],
}

const aggregate = (trade: MadeTrade) => ({
  a: Number(trade.id),
  p: trade.price,
  q: trade.amount,
  f: trade.first,
  l: trade.last,
  T: ms(trade),
  m: trade.side === 'SELL',
  M: true,
})

const binance: WireFormat = {
  markets: () => ({ symbols: [binanceSymbol] }),
  answer: ({ id, method }) => ({
    reply: { result: null, id },
    subscribes: method === 'SUBSCRIBE',
  }),
  event: ([trade]) => ({ e: 'aggTrade', E: ms(trade!), s: 'BTCUSDT', ...aggregate(trade!) }),
  tradesPath: '/api/v3/aggTrades',
  page: (all, query, limit) => {
    const [fromId, startTime] = [query.get('fromId'), query.get('startTime')]
    const from =
      fromId !== null
        ? all.findIndex(({ id }) => BigInt(id) >= BigInt(fromId))
        : startTime === null
          ? Math.max(0, all.length - limit)
          : all.findIndex((trade) => ms(trade) >= Number(startTime))
    return from < 0 ? [] : all.slice(from, from + limit).map((trade) => aggregate(trade))
  },
}

const kraken: WireFormat = {
  markets: (path) =>
    path.endsWith('/Assets')
      ? { error: [], result: { XXBT: asset('XBT'), ZUSD: asset('USD') } }
      : {
          error: [],
          result: {
            XXBTZUSD: {
              altname: 'XBTUSD',
              wsname: 'XBT/USD',
              aclass_base: 'currency',
              base: 'XXBT',
              aclass_quote: 'currency',
              quote: 'ZUSD',
              pair_decimals: 1,
              lot_decimals: 8,
              cost_decimals: 5,
              lot_multiplier: 1,
              leverage_buy: [],
              leverage_sell: [],
              fees: [[0, 0.4]],
              fees_maker: [[0, 0.25]],
              ordermin: '0.00005',
              costmin: '0.5',
              tick_size: '0.1',
              status: 'online',
            },
          },
        },
  answer: ({ method, req_id: id, params }) => ({
    reply: { method, result: params, success: true, req_id: id },
    subscribes: method === 'subscribe',
  }),
  event: (trades) => ({
    channel: 'trade',
    type: 'update',
    data: trades.map((trade) => ({
      symbol: 'BTC/USD',
      side: trade.side.toLowerCase(),
      price: Number(trade.price),
      qty: Number(trade.amount),
      ord_type: 'limit',
      trade_id: Number(trade.id),
      timestamp: iso(trade),
    })),
  }),
  tradesPath: '/0/public/Trades',
  page: (all, query, limit) => {
    const since = BigInt(query.get('since') ?? '0')
    const found = all.filter((trade) => BigInt(trade.micros) * 1000n > since).slice(0, limit)
    const last = found.at(-1) ?? all.at(-1)
    return {
      error: [],
      result: {
        XXBTZUSD: found.map((trade) => [
          trade.price,
          trade.amount,
          trade.micros / 1e6,
          trade.side === 'BUY' ? 'b' : 's',
          'l',
          '',
          Number(trade.id),
        ]),
        last: last === undefined ? String(since) : String(BigInt(last.micros) * 1000n),
      },
    }
  },
}

function asset(altname: string): object {
  return { aclass: 'currency', altname, decimals: 8, display_decimals: 5, status: 'enabled' }
}

/** Spot ids are of all symbols: those between two of ours belong to others. */
const bybit: WireFormat = {
  markets: (path) => ({
    retCode: 0,
    result: {
      category: 'spot',
      list: path.includes('category=spot')
        ? [
            {
              symbol: 'BTCUSDT',
              baseCoin: 'BTC',
              quoteCoin: 'USDT',
              status: 'Trading',
              lotSizeFilter: {
                basePrecision: '0.000001',
                minOrderQty: '0.00001',
                maxOrderQty: '100',
              },
              priceFilter: { tickSize: '0.01' },
            },
          ]
        : [],
      nextPageCursor: '',
    },
  }),
  answer: ({ op, req_id: id }) => ({
    reply:
      op === 'ping'
        ? { success: true, ret_msg: 'pong', op }
        : { success: true, ret_msg: '', req_id: id, op },
    subscribes: op === 'subscribe',
  }),
  event: (trades) => ({
    topic: 'publicTrade.BTCUSDT',
    type: 'snapshot',
    ts: ms(trades[0]!),
    data: trades.map((trade) => ({
      T: ms(trade),
      s: 'BTCUSDT',
      S: trade.side === 'BUY' ? 'Buy' : 'Sell',
      v: trade.amount,
      p: trade.price,
      L: 'PlusTick',
      i: bybitId(trade),
      BT: false,
      seq: trade.first,
    })),
  }),
  klinesPath: '/v5/market/kline',
  klines: (all) => ({ retCode: 0, result: { category: 'spot', list: minutesOf(all) } }),
  tradesPath: '/v5/market/recent-trade',
  page: (all, _query, limit) => ({
    retCode: 0,
    result: {
      category: 'spot',
      list: all
        .slice(-Math.min(limit, 60))
        .toReversed()
        .map((trade) => ({
          execId: bybitId(trade),
          symbol: 'BTCUSDT',
          price: trade.price,
          size: trade.amount,
          side: trade.side === 'BUY' ? 'Buy' : 'Sell',
          time: String(ms(trade)),
          isBlockTrade: false,
        })),
    },
  }),
}

function minutesOf(all: readonly MadeTrade[]): string[][] {
  const volumes = new Map<number, number>()
  for (const trade of all) {
    const minute = Math.floor(ms(trade) / 60_000) * 60_000
    volumes.set(minute, (volumes.get(minute) ?? 0) + Number(trade.amount))
  }
  const newestFirst = [...volumes].sort(([a], [b]) => b - a)
  return newestFirst.map(([minute, volume]) => [
    String(minute),
    '1',
    '1',
    '1',
    '1',
    volume.toFixed(6),
    '1',
  ])
}

export function bybitId({ id }: MadeTrade): string {
  return String(2_290_000_000_000_000_000n + BigInt(id) * 7n)
}

export const wireFormats: Readonly<Record<ExchangeName, WireFormat>> = { binance, kraken, bybit }
