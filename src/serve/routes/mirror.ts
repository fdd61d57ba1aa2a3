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

/** The account's mirror, read only: decimals are text with the exchange's own digits. */
export function addMirrorRoutes({ app, allow, options }: RouteContext): void {
  const read = (
    path: string,
    give: (mirror: MirrorReads, asked: Asked) => Promise<unknown>,
  ): void => {
    app.get(path, async (request) => {
      allow(request, 'read')
      if (options.mirror === undefined)
        throw new PairduckError(
          'REQUEST_REFUSED',
          'this server reads no mirror: give `serve` a `mirror`, or the command `--valkey`',
        )
      return give(options.mirror, request.query as Asked)
    })
  }
  read('/api/v1/mirror/status', (mirror) => mirror.status())
  read('/api/v1/mirror/report', (mirror, { date }) => readDailyReport(mirror, date ?? Date.now()))
  read('/api/v1/mirror/orders', (mirror, { symbol }) => mirror.listOpenOrders(symbol))
  read('/api/v1/mirror/balances', (mirror) => mirror.getBalances())
  read('/api/v1/mirror/fills', (mirror, { symbol }) => mirror.listFills(symbol))
  read('/api/v1/mirror/transfers', (mirror) => mirror.listTransfers())
  read('/api/v1/mirror/tickers', (mirror) => mirror.listTickers())
  read('/api/v1/mirror/symbols', (mirror) => mirror.listSymbols())
  read('/api/v1/mirror/book', (mirror, asked) => mirror.getOrderBook(symbolOf(asked)))
  read('/api/orderbook', async (mirror, asked) =>
    ordersByPrice(await mirror.listOpenOrders(symbolOf(asked))),
  )
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
