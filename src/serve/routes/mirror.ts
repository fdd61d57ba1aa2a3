import { PairduckError } from '../../errors.ts'
import { subtractText } from '../../mirror/model/decimal.ts'
import type { MirrorReads } from '../../mirror/read/mirror-reads.ts'
import { readDailyReport } from '../../mirror/report/read-daily-report.ts'
import type { MirroredOrder } from '../../mirror/stored/mirrored-order.ts'
import type { RouteContext } from '../answer/route-context.ts'

interface Asked {
  readonly symbol?: string
  readonly date?: string
}

type Give = (mirror: MirrorReads, asked: Asked) => Promise<unknown>

/** What is read of the mirror: what it gives, and the parameter that it takes or needs. */
export const mirrorReads: Readonly<Record<string, readonly [gives: string, takes: string, Give]>> =
  {
    '/api/v1/mirror/status': ['How far the mirror is.', '', (mirror) => mirror.status()],
    '/api/v1/mirror/report': [
      'The report of a day (UTC), of today by default.',
      'date',
      (mirror, { date }) => readDailyReport(mirror, date ?? Date.now()),
    ],
    '/api/v1/mirror/orders': [
      'Open orders, of one symbol or of all.',
      'symbol',
      (mirror, { symbol }) => mirror.listOpenOrders(symbol),
    ],
    '/api/v1/mirror/balances': ['Balances.', '', (mirror) => mirror.getBalances()],
    '/api/v1/mirror/fills': [
      'Own trades, of one symbol or of all.',
      'symbol',
      (mirror, { symbol }) => mirror.listFills(symbol),
    ],
    '/api/v1/mirror/transfers': [
      'Deposits and withdrawals.',
      '',
      (mirror) => mirror.listTransfers(),
    ],
    '/api/v1/mirror/tickers': ['Last prices.', '', (mirror) => mirror.listTickers()],
    '/api/v1/mirror/symbols': ['Symbols that are mirrored.', '', (mirror) => mirror.listSymbols()],
    '/api/v1/mirror/book': [
      'The order book of a symbol.',
      'symbol!',
      (mirror, asked) => mirror.getOrderBook(symbolOf(asked)),
    ],
    '/api/orderbook': [
      'Own open orders of a symbol by price.',
      'symbol!',
      async (mirror, asked) => ordersByPrice(await mirror.listOpenOrders(symbolOf(asked))),
    ],
  }

/** The account's mirror, read only: decimals are text with the exchange's own digits. */
export function addMirrorRoutes({ app, answers, allow, options }: RouteContext): void {
  for (const [path, [, , give]] of Object.entries(mirrorReads))
    app.get(path, async (request) => {
      allow(request, 'read')
      const { mirror } = options
      if (mirror === undefined)
        throw new PairduckError(
          'REQUEST_REFUSED',
          'this server reads no mirror: give `serve` a `mirror`, or the command `--valkey`',
        )
      return answers.onTime(request, () => give(mirror, request.query as Asked))
    })
}

function symbolOf({ symbol }: Asked): string {
  if (symbol === undefined || symbol === '') throw new TypeError('expected `symbol`')
  return symbol
}

interface PriceLevel {
  readonly price: number
  readonly orders: { readonly id: number | string; readonly quantity: number }[]
}

/** Own open orders by price, bids from the highest: the form of the order-book server of old. */
function ordersByPrice(orders: readonly MirroredOrder[]): {
  bids: PriceLevel[]
  asks: PriceLevel[]
} {
  const levels = (side: 'buy' | 'sell'): PriceLevel[] => {
    const byPrice = new Map<number, PriceLevel>()
    for (const order of orders) {
      if (order.side !== side || order.limitPrice === null) continue
      const price = Number(order.limitPrice)
      const level = byPrice.get(price) ?? { price, orders: [] }
      byPrice.set(price, level)
      level.orders.push({
        id: plainId(order.id),
        quantity: Number(subtractText(order.amount, order.filled)),
      })
    }
    return [...byPrice.values()].sort((a, b) =>
      side === 'buy' ? b.price - a.price : a.price - b.price,
    )
  }
  return { bids: levels('buy'), asks: levels('sell') }
}

/** A number where it is one with all its digits. */
function plainId(id: string): number | string {
  return /^[1-9]\d*$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : id
}
