import { LosslessNumber, stringify } from 'lossless-json'
import type { DecimalText } from '../model/decimal.ts'
import type { DailyReport } from './daily-report.ts'
import type { SymbolReport } from './trade-sums.ts'

/**
 * A report as the text of its JSON document: names in snake case, decimals as number tokens with
 * all their digits, `time` the UTC time of day at which it was made.
 */
export function formatReport(report: DailyReport): string {
  return `${stringify(reportDocument(report), null, 2)!}\n`
}

function reportDocument(report: DailyReport): Record<string, unknown> {
  const { trades, notConverted, balances } = report
  const writtenAt = new Date(report.writtenAt).toISOString()
  return {
    date: report.date,
    time: writtenAt.slice(11, 19),
    written_at: writtenAt,
    currency: report.currency,
    balances: mapped(balances, ({ free, locked }) => ({
      free: figure(free),
      locked: figure(locked),
    })),
    trades: {
      total_buys: trades.totalBuys,
      total_sells: trades.totalSells,
      pnl: figure(trades.pnl),
      avg_buy_price: figure(trades.avgBuyPrice),
      avg_sell_price: figure(trades.avgSellPrice),
    },
    total_trades: report.totalTrades,
    total_fills: report.totalFills,
    win_rate: report.winRate,
    closing_trades: report.closings.closed,
    winning_trades: report.closings.won,
    fees: mapped(report.fees, figure),
    pnl_by_currency: mapped(report.pnlByCurrency, figure),
    by_symbol: mapped(report.bySymbol, symbolDocument),
    not_converted: {
      pnl: mapped(notConverted.pnl, figure),
      fees: mapped(notConverted.fees, figure),
    },
    sold_without_cost: mapped(report.soldWithoutCost, figure),
    not_computed: report.notComputed,
    ...(report.removedBefore !== undefined && {
      trades_removed_before: new Date(report.removedBefore).toISOString(),
    }),
  }
}

function symbolDocument(symbol: SymbolReport): Record<string, unknown> {
  return {
    total_buys: symbol.totalBuys,
    total_sells: symbol.totalSells,
    total_fills: symbol.totalFills,
    bought: figure(symbol.bought),
    sold: figure(symbol.sold),
    avg_buy_price: figure(symbol.avgBuyPrice),
    avg_sell_price: figure(symbol.avgSellPrice),
    pnl: figure(symbol.pnl),
    win_rate: symbol.winRate,
    fees: mapped(symbol.fees, figure),
    position: {
      amount: figure(symbol.position.amount),
      avg_cost: figure(symbol.position.avgCost),
    },
  }
}

function figure(decimal: DecimalText | null): LosslessNumber | null {
  return decimal === null ? null : new LosslessNumber(decimal)
}

function mapped<In, Out>(
  table: Readonly<Record<string, In>>,
  each: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, each(value)]))
}
