import { optional, resolveOptions, rule } from '../../options.ts'
import type { Balance } from '../model/balance.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import { isZero } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { assetForm, isAsset } from '../model/symbol.ts'
import { ExchangeRates, type Rates } from './exchange-rates.ts'
import { addTo, tableOf, trimmed } from './money.ts'
import { symbolReport, TradeSums, type Closings, type SymbolReport } from './trade-sums.ts'
import { marketOf, tradeHistory, type FillOutcome, type ReportFill } from './trade-history.ts'
import { utcDay } from './utc-day.ts'

/** Options of `dailyReport`. */
export interface DailyReportOptions {
  /**
   * The currency of `trades.pnl`; default: the quote currency of the fills when there is only
   * one, else USDT.
   */
  readonly currency?: string
  /** What one unit of other assets is worth in `currency`: for quote currencies and fees. */
  readonly rates?: Rates
  /** When the report is made, Unix ms; default: now. The balances are of this moment. */
  readonly writtenAt?: number
  /** What fills that are not among those given left behind: positions go on from there. */
  readonly carried?: readonly CarriedPosition[]
}

/** One day of an account. Decimals are exact texts; an order counts once, however it was filled. */
export interface DailyReport {
  /** The UTC day, `YYYY-MM-DD`. */
  readonly date: string
  /** Unix ms when the report was written. */
  readonly writtenAt: number
  /** The currency, such as `USDT`. */
  readonly currency: string
  /** The balances. */
  readonly balances: Readonly<
    Record<string, { readonly free: DecimalText; readonly locked: DecimalText }>
  >
  /** The figures of the day's trades. */
  readonly trades: {
    readonly totalBuys: number
    readonly totalSells: number
    /** Realised on the day, in `currency`. */
    readonly pnl: DecimalText
    /** Null when nothing was bought, or more than one market was traded. */
    readonly avgBuyPrice: DecimalText | null
    readonly avgSellPrice: DecimalText | null
  }
  /** Number of trades. */
  readonly totalTrades: number
  /** Number of the account's own trades. */
  readonly totalFills: number
  /** Orders that closed at a profit, as part of those that closed anything; null without any. */
  readonly winRate: number | null
  /** The orders that it is the share of. */
  readonly closings: Closings
  /** Fees by currency. */
  readonly fees: Readonly<Record<string, DecimalText>>
  /** Realised profit by currency. */
  readonly pnlByCurrency: Readonly<Record<string, DecimalText>>
  /** The same figures for each symbol. */
  readonly bySymbol: Readonly<Record<string, SymbolReport>>
  /** What is in no figure of `currency`, because no rate was given. */
  readonly notConverted: {
    readonly pnl: Readonly<Record<string, DecimalText>>
    readonly fees: Readonly<Record<string, DecimalText>>
  }
  /** Amounts sold whose purchase is not among the fills: no profit or loss is claimed for them. */
  readonly soldWithoutCost: Readonly<Record<string, DecimalText>>
  /** Set when fills of the day are removed (`retainFillsMs`): up to when, Unix ms. */
  readonly removedBefore?: number
  /** Markets traded whose profit is not computed (settled in another than the quote currency). */
  readonly notComputed: readonly string[]
}

/**
 * The report of one UTC day. `fills` are the account's fills from its first one on (later ones
 * than the day's are ignored, repeated ones count once): what was bought earlier is what today's
 * sale had cost. Profit and loss is realised, by average cost, after fees, per symbol in its
 * quote currency; amounts of different currencies are never added, only converted by `rates`.
 */
export function dailyReport(
  fills: Iterable<ReportFill>,
  balances: Iterable<Pick<Balance, 'asset' | 'free' | 'used'>>,
  date: string | number,
  options: DailyReportOptions = {},
): DailyReport {
  const [report] = dailyReports(fills, balances, [date], options)
  return report!
}

/** {@link dailyReport} of several days, for little more than the price of one. */
export function dailyReports(
  fills: Iterable<ReportFill>,
  balances: Iterable<Pick<Balance, 'asset' | 'free' | 'used'>>,
  dates: readonly (string | number)[],
  options: DailyReportOptions = {},
): DailyReport[] {
  const days = dates.map((date) => utcDay(date))
  const endMs = Math.max(...days.map((day) => day.endMs))
  const { carried = [] } = options
  const known = [...fills].filter(({ timestamp }) => timestamp < endMs)
  const frame = resolveReportOptions(options, known)
  const table = balanceTable(balances)
  const outcomes = tradeHistory(known, frame.rates, carried)
  const removedBefore = Math.max(...carried.map(({ beforeMs }) => beforeMs))
  return days.map((day) => {
    const ofDay = outcomes.filter(
      ({ fill: { timestamp } }) => timestamp >= day.startMs && timestamp < day.endMs,
    )
    return {
      date: day.date,
      balances: table,
      ...tradingReport(ofDay, frame),
      ...(removedBefore > day.startMs && { removedBefore }),
    }
  })
}

function tradingReport(
  outcomes: readonly FillOutcome[],
  { writtenAt, rates }: ReportFrame,
): Omit<DailyReport, 'date' | 'balances' | 'removedBefore'> {
  const all = new TradeSums()
  const bySymbol = new Map<string, TradeSums>()
  for (const outcome of outcomes) {
    const sums = bySymbol.get(outcome.fill.symbol) ?? new TradeSums()
    bySymbol.set(outcome.fill.symbol, sums)
    sums.add(outcome)
    all.add(outcome)
  }
  const symbols = [...bySymbol].sort(([a], [b]) => (a < b ? -1 : 1))
  const only = symbols.length === 1 ? all : undefined
  const money = profitAndLoss(bySymbol, rates)
  return {
    writtenAt,
    currency: rates.currency,
    trades: {
      totalBuys: all.orders('buy'),
      totalSells: all.orders('sell'),
      pnl: money.total,
      avgBuyPrice: only?.averagePrice('buy') ?? null,
      avgSellPrice: only?.averagePrice('sell') ?? null,
    },
    totalTrades: all.orders('buy') + all.orders('sell'),
    totalFills: all.fills,
    winRate: all.winRate(),
    closings: all.closings,
    fees: tableOf(all.fees),
    pnlByCurrency: money.byCurrency,
    bySymbol: Object.fromEntries(symbols.map(([symbol, sums]) => [symbol, symbolReport(sums)])),
    notConverted: { pnl: money.notConverted, fees: feesNotCounted(outcomes) },
    soldWithoutCost: uncovered(outcomes),
    notComputed: symbols.filter(([, { holding }]) => holding === null).map(([symbol]) => symbol),
  }
}

/** The quote currency of all fills when there is only one, else USDT. */
export function reportCurrency(fills: Iterable<Pick<ReportFill, 'symbol'>>): string {
  const quotes = new Set([...fills].map((fill) => marketOf(fill).quote))
  const [only = 'USDT'] = quotes.size === 1 ? quotes : []
  return only
}

interface ReportFrame {
  readonly writtenAt: number
  readonly rates: ExchangeRates
}

function resolveReportOptions(
  options: DailyReportOptions,
  fills: readonly ReportFill[],
): ReportFrame {
  const { currency, rates, writtenAt } = resolveOptions('dailyReport', options, {
    currency: optional(rule(assetForm, isAsset, '')),
    rates: rule<Rates>(
      'a table of decimal texts by asset',
      (value) => typeof value === 'object' && value !== null,
      {},
    ),
    writtenAt: optional(rule('Unix milliseconds', Number.isFinite, 0)),
    carried: rule<readonly CarriedPosition[]>('carried positions', Array.isArray, []),
  })
  return {
    writtenAt: writtenAt ?? Date.now(),
    rates: new ExchangeRates(currency ?? reportCurrency(fills), rates),
  }
}

function balanceTable(
  balances: Iterable<Pick<Balance, 'asset' | 'free' | 'used'>>,
): DailyReport['balances'] {
  const entries = [...balances].map(
    ({ asset, free, used }) => [asset, { free, locked: used }] as const,
  )
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function profitAndLoss(
  bySymbol: ReadonlyMap<string, TradeSums>,
  rates: ExchangeRates,
): {
  total: DecimalText
  byCurrency: Record<string, DecimalText>
  notConverted: Record<string, DecimalText>
} {
  const byCurrency = new Map<string, DecimalText>()
  for (const [symbol, { pnl }] of bySymbol) addTo(byCurrency, marketOf({ symbol }).quote, pnl)
  const total = new Map<string, DecimalText>()
  const notConverted = new Map<string, DecimalText>()
  for (const [quote, pnl] of byCurrency) {
    const converted = rates.convert(pnl, quote, rates.currency)
    if (converted !== undefined) addTo(total, rates.currency, converted)
    else if (!isZero(pnl)) notConverted.set(quote, pnl)
  }
  return {
    total: trimmed(total.get(rates.currency) ?? '0'),
    byCurrency: tableOf(byCurrency),
    notConverted: tableOf(notConverted),
  }
}

function feesNotCounted(outcomes: readonly FillOutcome[]): Record<string, DecimalText> {
  const sums = new Map<string, DecimalText>()
  for (const { fill, feeCounted } of outcomes)
    if (!feeCounted && fill.fee !== null && fill.feeCurrency !== null)
      addTo(sums, fill.feeCurrency, fill.fee)
  return tableOf(sums)
}

function uncovered(outcomes: readonly FillOutcome[]): Record<string, DecimalText> {
  const sums = new Map<string, DecimalText>()
  for (const { fill, uncovered } of outcomes)
    if (!isZero(uncovered)) addTo(sums, fill.symbol, uncovered)
  return tableOf(sums)
}
