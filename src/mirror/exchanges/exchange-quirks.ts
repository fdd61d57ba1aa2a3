import {
  afterGreatestId,
  beforeOldest,
  byNumber,
  byOffset,
  oldestPayload,
  payloadCursor,
} from './next-page.ts'
import type { NextPage } from './next-page.ts'
import type { StatusWord } from './status-words.ts'

/** Where an exchange differs from what ccxt unifies. What is not told is as ccxt says. */
export interface ExchangeQuirks {
  /** How the next page of open orders is asked for; `ccxt`: ccxt goes through them by itself. */
  readonly openOrderPages?: NextPage | 'ccxt'
  /** How to go on behind a page of own trades where the time of the last one doesn't. */
  readonly tradePages?: NextPage
  /** The same of orders that have ended. */
  readonly closedOrderPages?: NextPage
  /** Words for an order's status that ccxt passes on as they are, or means otherwise here. */
  readonly statuses?: Readonly<Record<string, StatusWord>>
}

const binance: ExchangeQuirks = { tradePages: afterGreatestId, statuses: { PENDING_NEW: 'open' } }
const okx: ExchangeQuirks = {
  openOrderPages: beforeOldest('after'),
  closedOrderPages: beforeOldest('after'),
  tradePages: oldestPayload('billId', 'after'),
}
const bybit: ExchangeQuirks = {
  openOrderPages: 'ccxt',
  tradePages: payloadCursor('nextPageCursor', 'cursor'),
  closedOrderPages: payloadCursor('nextPageCursor', 'cursor'),
}
const gate: ExchangeQuirks = { openOrderPages: byNumber('page'), tradePages: byNumber('page') }
const hitbtc: ExchangeQuirks = { openOrderPages: byOffset('offset') }
const huobi: ExchangeQuirks = { openOrderPages: beforeOldest('from', { direct: 'next' }) }
const numbered: ExchangeQuirks = { openOrderPages: byNumber('page') }
const paginated: ExchangeQuirks = { openOrderPages: 'ccxt' }
/** Coinbase's words of its Advanced Trade API. */
const coinbase: ExchangeQuirks = {
  openOrderPages: 'ccxt',
  statuses: {
    PENDING: 'open',
    QUEUED: 'open',
    CANCEL_QUEUED: 'open',
    EDIT_QUEUED: 'open',
    FAILED: 'rejected',
  },
}

/** By ccxt's id of the exchange. */
const quirks: Readonly<Record<string, ExchangeQuirks>> = {
  alpaca: { statuses: { accepted: 'open', pending_review: 'open', suspended: 'open' } },
  bequant: hitbtc,
  binance,
  binancecoinm: binance,
  binanceus: binance,
  binanceusdm: binance,
  bitget: paginated,
  blofin: paginated,
  bybit,
  bybiteu: bybit,
  bybitid: bybit,
  cex: { statuses: { PENDING_REPLACE: 'open' } },
  coinbase,
  coinbaseexchange: { openOrderPages: 'ccxt', statuses: { pending: 'open', received: 'open' } },
  coinbaseinternational: paginated,
  coinex: numbered,
  fmfwio: hitbtc,
  gate,
  gateeu: gate,
  gateio: gate,
  hitbtc,
  htx: huobi,
  huobi,
  kraken: { tradePages: byOffset('ofs'), closedOrderPages: byOffset('ofs') },
  kucoin: { openOrderPages: byNumber('currentPage'), closedOrderPages: byNumber('currentPage') },
  myokx: okx,
  okx,
  okxus: okx,
  upbit: numbered,
  weex: paginated,
  whitebit: { openOrderPages: byOffset('offset'), closedOrderPages: byOffset('offset') },
  woo: numbered,
}

const none: ExchangeQuirks = {}

/** What is particular about an exchange. */
export function quirksOf(exchangeId: string): ExchangeQuirks {
  return Object.hasOwn(quirks, exchangeId) ? quirks[exchangeId]! : none
}
