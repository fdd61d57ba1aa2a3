import type { ShownOrder } from '../chart/market-chart.ts'
import { element } from '../shell/element.ts'
import type { ServerInfo, Source } from '../source/source.ts'

const refreshMs = 3000

interface Order {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly limitPrice: string | null
  readonly amount: string
  readonly filled: string
}

interface Balance {
  readonly asset: string
  readonly free: string
  readonly used: string
  readonly total: string
}

/** The mirrored account: own orders, also on the chart, balances, the day's report. */
export class AccountPanel {
  readonly #source: Source
  readonly #onOrders: (orders: readonly ShownOrder[]) => void
  readonly #host = element('section', { id: 'account' })
  #symbol = ''
  #info: ServerInfo | undefined

  constructor(host: HTMLElement, source: Source, onOrders: AccountPanel['onOrders']) {
    this.#source = source
    this.#onOrders = onOrders
    host.append(this.#host)
    setInterval(() => void this.refresh(), refreshMs)
  }

  /** The orders of this pair are drawn on its chart. */
  choose(pair: string): void {
    this.#symbol = plain(pair.split('/').slice(2).join('/'))
    void this.refresh()
  }

  get onOrders(): (orders: readonly ShownOrder[]) => void {
    return this.#onOrders
  }

  async refresh(): Promise<void> {
    if (document.hidden) return
    this.#info ??= await this.#source.info()
    if (!this.#info.mirror) {
      this.#host.replaceChildren(
        element('h2', {}, 'Account'),
        element('p', { class: 'faint' }, 'This server reads no account mirror (--valkey <url>).'),
      )
      return
    }
    const balances = await this.#source.mirror<Balance[]>('balances')
    void balances
    const orders = await this.#source.mirror<Order[]>('orders')
    const own = orders.filter(({ symbol }) => plain(symbol) === this.#symbol)
    this.#onOrders(
      own.flatMap(({ side, limitPrice, amount }) =>
        limitPrice === null ? [] : [{ side, price: Number(limitPrice), amount }],
      ),
    )
  }
}

/** `BTC/USDT:USDT`, `BTC/USDT` and `BTCUSDT` are one market. */
function plain(symbol: string): string {
  return symbol
    .replace(/:.*$/, '')
    .replaceAll(/[^a-z0-9]/gi, '')
    .toUpperCase()
}
