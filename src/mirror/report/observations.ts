import {
  addText,
  divideText,
  isNegative,
  isPositive,
  isZero,
  multiplyText,
} from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import type { DailyReport } from './daily-report.ts'
import { addTo, trimmed } from './money.ts'
import { marketOf } from './trade-history.ts'

/**
 * What the figures of several days show, in plain sentences that name their numbers: days without
 * trades, markets that lost, what fees took of the profit, sales without a known cost. No advice.
 */
export function reportObservations(reports: readonly DailyReport[]): string[] {
  return [
    ...removedTrades(reports),
    ...idleDays(reports),
    ...losingMarkets(reports),
    ...feeShare(reports),
    ...uncoveredSales(reports),
  ]
}

/** Of these days the figures are too small, and days without trades may have had some. */
function removedTrades(reports: readonly DailyReport[]): string[] {
  const lacking = reports.filter(({ removedBefore }) => removedBefore !== undefined)
  const [first] = lacking
  if (first === undefined) return []
  const before = new Date(first.removedBefore!).toISOString()
  const dates = lacking.map(({ date }) => date).join(', ')
  return [`Trades before ${before} are removed (retainFillsMs): the figures lack some of ${dates}.`]
}

function idleDays(reports: readonly DailyReport[]): string[] {
  const idle = reports.filter(({ totalTrades }) => totalTrades === 0).map(({ date }) => date)
  if (idle.length === 0) return []
  return [`${idle.length} of ${reports.length} days had no trades: ${idle.join(', ')}.`]
}

function losingMarkets(reports: readonly DailyReport[]): string[] {
  const pnl = new Map<string, DecimalText>()
  const sells = new Map<string, number>()
  for (const { bySymbol } of reports)
    for (const [symbol, of] of Object.entries(bySymbol)) {
      addTo(pnl, symbol, of.pnl)
      sells.set(symbol, (sells.get(symbol) ?? 0) + of.totalSells)
    }
  return [...pnl]
    .filter(([, amount]) => isNegative(amount))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([symbol, amount]) =>
        `${symbol} lost ${trimmed(amount).slice(1)} ${marketOf({ symbol }).quote} in ${sells.get(symbol) ?? 0} sales.`,
    )
}

/** Of fees in the report's currency: profit is told after them. */
function feeShare(reports: readonly DailyReport[]): string[] {
  const currency = reports[0]?.currency ?? ''
  const sum = (of: (report: DailyReport) => DecimalText): DecimalText =>
    trimmed(reports.map(of).reduce(addText, '0'))
  const fees = sum((report) => report.fees[currency] ?? '0')
  if (!isPositive(fees)) return []
  const profit = sum(({ trades }) => trades.pnl)
  const before = trimmed(addText(profit, fees))
  const share = divideText(multiplyText(fees, '100'), before, 1)
  return isPositive(before) && share !== undefined
    ? [`Fees of ${fees} ${currency} are ${share} % of the ${before} ${currency} made before them.`]
    : [`Fees of ${fees} ${currency} stand beside a result of ${before} ${currency} before them.`]
}

function uncoveredSales(reports: readonly DailyReport[]): string[] {
  const sold = new Map<string, DecimalText>()
  for (const { soldWithoutCost } of reports)
    for (const [symbol, amount] of Object.entries(soldWithoutCost)) addTo(sold, symbol, amount)
  return [...sold]
    .filter(([, amount]) => !isZero(amount))
    .map(
      ([symbol, amount]) =>
        `${trimmed(amount)} ${marketOf({ symbol }).base} of ${symbol} were sold without a known cost and are in no profit.`,
    )
}
