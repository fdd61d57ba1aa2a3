import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { idSpaces } from '../schema/id-spaces.ts'

/** How the trade after another one follows it, as far as the exchange's ids tell. */
export type Continuity = 'same' | 'next' | 'gap' | 'unknown'

/** What is known of one exchange's trades: facts only, no behaviour. */
export interface ExchangeRule {
  /** Which of the exchange's ids a pair holds; two of them never meet in one pair. */
  readonly idSpace: string
  /** What is said to ccxt beside a subscription, so that it gives trades of that id space. */
  readonly watchParams: Readonly<Record<string, unknown>>
  /**
   * What counts a market's trades without a hole: the trade's id, or a field of `info`. `null`:
   * nothing does, and no comparison of ids proves anything.
   */
  readonly sequence: 'id' | { readonly info: string } | null
  /** A field of `info` that says how many trades one id stands for (the last one's id). */
  readonly step?: string
  /** Fields of `info` with the first and last trade inside an aggregate; they prove it whole. */
  readonly inside?: readonly [first: string, last: string]
  /** How trades of the past are asked for; see trade-pages.ts. */
  readonly pages: 'from-id' | 'before-id' | 'since-nanoseconds' | 'since' | 'newest'
  /** What is said to ccxt beside the place of a page. */
  readonly pageParams?: Readonly<Record<string, unknown>>
  /** The most trades of one answer. */
  readonly pageTrades: number
  /** The candles of a spot market have the sum of its trades' amounts as their volume. */
  readonly sumsVolume?: true
  /** The exchange itself ends a line after this. */
  readonly lineLifeMs: number
}

const dayMs = 86_400_000

/** Where nothing is known nothing is taken for proved. */
const unknownRule: ExchangeRule = {
  idSpace: 'trades',
  watchParams: {},
  sequence: null,
  pages: 'since',
  pageTrades: 1_000,
  lineLifeMs: dayMs,
}

/**
 * Binance's public history without a key is of aggregate trades; live trades have ids of another
 * count. So both ways are of aggregates.
 */
const binance: ExchangeRule = {
  idSpace: idSpaces.binanceAggregates,
  watchParams: { name: 'aggTrade' },
  sequence: 'id',
  inside: ['f', 'l'],
  pages: 'from-id',
  pageTrades: 1_000,
  lineLifeMs: dayMs,
}

/** Futures leave trades of the insurance fund out of the aggregates: `f` and `l` do not join. */
const { inside: _, ...binanceFutures } = binance

const rules: Readonly<Record<string, ExchangeRule>> = {
  binance,
  binanceus: binance,
  binanceusdm: binanceFutures,
  binancecoinm: binanceFutures,
  kraken: { ...unknownRule, sequence: 'id', pages: 'since-nanoseconds' },
  // ccxt tells neither of these two a time: their newest trades alone would be had.
  coinbaseexchange: { ...unknownRule, sequence: 'id', pages: 'before-id' },
  okx: {
    ...unknownRule,
    sequence: 'id',
    step: 'count',
    pages: 'before-id',
    pageParams: { method: 'publicGetMarketHistoryTrades' },
    pageTrades: 100,
  },
  gate: { ...unknownRule, sequence: { info: 'sequence_id' } },
  deribit: { ...unknownRule, sequence: { info: 'trade_seq' } },
  // Spot ids are shared by all symbols, and ccxt sends no time: only the newest trades can be had.
  bybit: { ...unknownRule, pages: 'newest', pageTrades: 60, sumsVolume: true },
}

/** The rule of a market of an exchange, by ccxt's names; of an unknown one a rule that proves nothing. */
export function exchangeRule(exchangeId: string, symbol = ''): ExchangeRule {
  const known = Object.hasOwn(rules, exchangeId) ? rules[exchangeId]! : unknownRule
  return known === binance && symbol.includes(':') ? binanceFutures : known
}

/** How `trade` follows `previous`. Both of one market. */
export function continuity(rule: ExchangeRule, previous: CcxtTrade, trade: CcxtTrade): Continuity {
  const [before, now] = [sequenceOf(rule, previous), sequenceOf(rule, trade)]
  if (before === undefined || now === undefined) return 'unknown'
  if (now <= before) return 'same'
  if (now - before > idStep(rule, trade)) return 'gap'
  return rule.inside === undefined || joins(rule.inside, previous, trade) ? 'next' : 'gap'
}

/** How many places of the count a trade stands for. */
export function idStep({ step }: ExchangeRule, trade: CcxtTrade): bigint {
  return step === undefined ? 1n : (wholeNumber(fieldOf(trade, step)) ?? 1n)
}

/** A trade's place in its market's count; undefined where the exchange has none. */
export function sequenceOf({ sequence }: ExchangeRule, trade: CcxtTrade): bigint | undefined {
  if (sequence === null) return undefined
  return wholeNumber(sequence === 'id' ? trade.id : fieldOf(trade, sequence.info))
}

/** Where an aggregate does not say which trades it holds, its own id has to do. */
function joins(
  [first, last]: readonly [string, string],
  previous: CcxtTrade,
  trade: CcxtTrade,
): boolean {
  const [end, begin] = [wholeNumber(fieldOf(previous, last)), wholeNumber(fieldOf(trade, first))]
  return end === undefined || begin === undefined || begin === end + 1n
}

function fieldOf({ info }: CcxtTrade, field: string): unknown {
  return typeof info === 'object' && info !== null
    ? (info as Readonly<Record<string, unknown>>)[field]
    : undefined
}

/** Ids grow beyond 2^53: as text they are exact. */
function wholeNumber(value: unknown): bigint | undefined {
  return (typeof value === 'string' || typeof value === 'number') && /^\d+$/.test(String(value))
    ? BigInt(value)
    : undefined
}
