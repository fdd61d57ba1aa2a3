import { element } from '../shell/element.ts'
import { countText } from '../shell/figures.ts'

/** As `/api/v1/mirror/balances` gives it; decimals are text with the exchange's own digits. */
export interface Balance {
  readonly asset: string
  readonly free: string
  readonly used: string
}

interface Level {
  readonly price: string
  readonly amount: string
  readonly orders: number
}

/** As `/api/v1/mirror/book` gives it. */
export interface Book {
  readonly symbol: string
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** As `/api/v1/mirror/report` gives it. */
export interface Report {
  readonly date: string
  readonly currency: string
  readonly trades: { readonly totalBuys: number; readonly totalSells: number; readonly pnl: string }
  readonly totalFills: number
  readonly winRate: number | null
  readonly fees: Readonly<Record<string, string>>
}

export function balancesTable(balances: readonly Balance[]): HTMLTableElement {
  // What is nothing in all is left out; a list of every coin that was ever held hides the rest.
  const held = balances.filter(({ free, used }) => Number(free) !== 0 || Number(used) !== 0)
  return table(
    'balances',
    ['', 'free', 'in orders'],
    held.map(({ asset, free, used }) => [asset, shortened(free), shortened(used)]),
  )
}

/** Own orders by price, asks above bids as on a ladder. */
export function bookTable({ bids, asks }: Book): HTMLTableElement {
  const made = table('book', ['price', 'amount', 'orders'], [])
  made.append(...levelRows([...asks].reverse(), 'down'), ...levelRows(bids, 'up'))
  return made
}

function levelRows(levels: readonly Level[], tone: string): HTMLTableRowElement[] {
  return levels.map(({ price, amount, orders }) =>
    element(
      'tr',
      {},
      element('td', { class: tone }, price),
      element('td', {}, amount),
      element('td', { class: 'faint' }, countText(orders)),
    ),
  )
}

export function reportTable(report: Report): HTMLTableElement {
  const { trades, totalFills, winRate, currency, fees } = report
  const feeText = Object.entries(fees).map(([asset, fee]) => `${shortened(fee)} ${asset}`)
  return table('report', undefined, [
    ['bought, sold', `${trades.totalBuys}, ${trades.totalSells} orders`],
    ['fills', countText(totalFills)],
    ['realised profit', `${shortened(trades.pnl)} ${currency}`],
    ['won', winRate === null ? '–' : `${Math.round(winRate * 100)} %`],
    ['fees', feeText.length === 0 ? '–' : feeText.join(', ')],
  ])
}

function table(
  id: string,
  head: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
): HTMLTableElement {
  return element(
    'table',
    { id, class: 'number' },
    head && line('th', head),
    ...rows.map((cells) => line('td', cells)),
  )
}

function line(tag: 'td' | 'th', cells: readonly string[]): HTMLTableRowElement {
  return element('tr', {}, ...cells.map((text) => element(tag, {}, text)))
}

/** Digits of an exchange go on for eighteen places; eight say it, and the whole is in the API. */
function shortened(decimal: string): string {
  const [whole = '', fraction = ''] = decimal.split('.')
  const kept = fraction.slice(0, 8).replace(/0+$/, '')
  return `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}${kept === '' ? '' : `.${kept}`}`
}
