import type { ShownOrder } from '../chart/order-lines.ts'
import { element } from '../shell/element.ts'
import { durationText } from '../shell/figures.ts'
import type { ServerInfo, Source } from '../source/source.ts'
import {
  balancesTable,
  bookTable,
  reportTable,
  type Balance,
  type Book,
  type Report,
} from './account-tables.ts'

const refreshMs = 3000

interface Order {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly limitPrice: string | null
  readonly amount: string
  readonly filled: string
}

interface Status {
  readonly isMirrored: boolean
  readonly isWriting: boolean
  readonly lagMs: number | null
}

/** The mirrored account: own orders, also on the chart, balances, own book, the day's report. */
export class AccountPanel {
  readonly #source: Source
  readonly #onOrders: (orders: readonly ShownOrder[]) => void
  readonly #host = element('section', { id: 'account', 'aria-label': 'account' })
  #symbol = ''
  #info: ServerInfo | undefined

  constructor(
    host: HTMLElement,
    source: Source,
    onOrders: (orders: readonly ShownOrder[]) => void,
  ) {
    this.#source = source
    this.#onOrders = onOrders
    host.append(this.#host)
    setInterval(() => void this.refresh(), refreshMs)
  }

  /** The orders of this pair are drawn on its chart. */
  choose(pair: string): void {
    this.#symbol = plain(pair.split('/').slice(2).join('/'))
    this.#onOrders([])
    void this.refresh()
  }

  async refresh(): Promise<void> {
    if (document.hidden) return
    try {
      this.#info ??= await this.#source.info()
      if (this.#info.mirror) await this.#showAccount()
      else this.#say('This server reads no account mirror (--valkey <url>).', 'faint')
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), 'down')
    }
  }

  async #showAccount(): Promise<void> {
    const symbol = this.#symbol
    const [status, balances, orders, report] = await Promise.all([
      this.#source.mirror<Status>('status'),
      this.#source.mirror<Balance[]>('balances'),
      this.#source.mirror<Order[]>('orders'),
      this.#source.mirror<Report>('report'),
    ])
    const own = orders.filter((order) => plain(order.symbol) === symbol)
    const book = own[0] && (await this.#source.mirror<Book>('book', { symbol: own[0].symbol }))
    // Another pair may have been chosen while this one was asked for.
    if (symbol !== this.#symbol) return
    this.#onOrders(
      own.flatMap(({ side, limitPrice, amount }) =>
        limitPrice === null ? [] : [{ side, price: Number(limitPrice), amount }],
      ),
    )
    this.#host.replaceChildren(
      element('h2', {}, 'Account'),
      statusLine(status, orders.length),
      element('h2', {}, 'Balances'),
      balancesTable(balances),
      ...(book === undefined
        ? []
        : [element('h2', {}, `Own orders ${book.symbol}`), bookTable(book)]),
      element('h2', {}, `Report ${report.date} UTC`),
      reportTable(report),
    )
  }

  #say(text: string, tone: string): void {
    this.#host.replaceChildren(element('h2', {}, 'Account'), element('p', { class: tone }, text))
  }
}

/** A mirror that nobody writes shows the past: that is said first. */
function statusLine({ isMirrored, isWriting, lagMs }: Status, orders: number): HTMLElement {
  if (!isMirrored) return element('p', { class: 'warn' }, 'Nothing was ever mirrored there.')
  const age = lagMs === null ? '' : ` Last change ${durationText(lagMs)} ago.`
  return isWriting
    ? element('p', { class: 'faint', id: 'mirror' }, `${orders} open orders.${age}`)
    : element('p', { class: 'warn', id: 'mirror' }, `Nobody writes the mirror now.${age}`)
}

/** `BTC/USDT:USDT`, `BTC/USDT` and `BTCUSDT` are one market. */
function plain(symbol: string): string {
  return symbol
    .replace(/:.*$/, '')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toUpperCase()
}
