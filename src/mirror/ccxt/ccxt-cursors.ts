import type { CcxtParams } from './ccxt-exchange.ts'

/** What a page's items have in common that a cursor is taken from. */
interface PageItem {
  readonly id?: string | null | undefined
  readonly timestamp?: number | null | undefined
  readonly info?: unknown
}

/**
 * What to say beside the same call to get the page after this one: the last page, its number and
 * how many items there were up to it. Undefined where the exchange says that there is none.
 */
export type NextPage = (
  page: readonly PageItem[],
  number: number,
  seen: number,
) => CcxtParams | undefined

/** How the exchanges that list open orders in pages are asked for the next one. */
const orderPages = new Map<string, NextPage>([
  ...each(['okx', 'okxus', 'myokx'], (page) => ({ after: oldest(page).id })),
  ...each(['gate', 'gateeu', 'gateio'], (_, number) => ({ page: number + 1 })),
  ...each(['kucoin'], (_, number) => ({ currentPage: number + 1 })),
  ...each(['coinex', 'upbit', 'woo'], (_, number) => ({ page: number + 1 })),
  ...each(['whitebit', 'hitbtc', 'bequant', 'fmfwio'], (_, __, seen) => ({ offset: seen })),
  ...each(['htx', 'huobi'], (page) => ({ from: oldest(page).id, direct: 'next' })),
])

/** How exchanges go on behind a page of own trades where the time of the last one doesn't. */
const tradePages = new Map<string, NextPage>([
  ...each(['binance', 'binanceus', 'binanceusdm', 'binancecoinm'], (page) => ({
    fromId: String(BigInt(greatestId(page)) + 1n),
  })),
  ...each(['okx', 'okxus', 'myokx'], (page) => {
    const after = text(oldest(page).info, 'billId')
    return after === undefined ? undefined : { after }
  }),
  ...each(['bybit', 'bybiteu', 'bybitid'], (page) => {
    const cursor = page.map(({ info }) => text(info, 'nextPageCursor')).find(Boolean)
    return cursor === undefined ? undefined : { cursor }
  }),
  ...each(['gate', 'gateeu', 'gateio'], (_, number) => ({ page: number + 1 })),
  ...each(['kraken'], (_, __, seen) => ({ ofs: seen })),
])

export function nextOrderPage(exchangeId: string): NextPage | undefined {
  return orderPages.get(exchangeId)
}

/** Binance takes an id only without a time. */
export function isUntimed(cursor: CcxtParams): boolean {
  return 'fromId' in cursor
}

export function nextTradePage(exchangeId: string): NextPage | undefined {
  return tradePages.get(exchangeId)
}

function each(exchangeIds: readonly string[], next: NextPage): [string, NextPage][] {
  return exchangeIds.map((id) => [id, next])
}

function oldest(page: readonly PageItem[]): PageItem {
  return page.reduce((a, b) => ((b.timestamp ?? 0) < (a.timestamp ?? 0) ? b : a))
}

function greatestId(page: readonly PageItem[]): string {
  return page
    .map(({ id }) => (/^\d+$/.test(id ?? '') ? id! : '0'))
    .reduce((a, b) => (BigInt(b) > BigInt(a) ? b : a))
}

function text(info: unknown, name: string): string | undefined {
  const value = (info as Readonly<Record<string, unknown>> | null | undefined)?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
