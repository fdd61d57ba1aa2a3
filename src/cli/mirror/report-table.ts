import { addText, isNegative, isZero } from '../../mirror/model/decimal.ts'
import { reportObservations } from '../../mirror/report/observations.ts'
import { winRate } from '../../mirror/report/trade-sums.ts'
import type { DailyReport } from '../../mirror/report/daily-report.ts'
import { countText, percentText } from '../figures.ts'
import type { Ink } from '../ink.ts'
import type { Terminal } from '../terminal.ts'
import { textTable, type TableColumn } from '../text-table.ts'
import { decimalCell } from './order-table.ts'

type Layout = Pick<Terminal, 'ink' | 'tableColumns'>

/** Several days, one in a line, and their sum. */
export function daysTable(reports: readonly DailyReport[], layout: Layout): string {
  const { ink, tableColumns } = layout
  const columns: TableColumn<DailyReport>[] = [
    { title: 'date (UTC)', cell: ({ date }) => date, align: 'left' },
    { title: 'buys', cell: ({ trades }) => countText(trades.totalBuys) },
    { title: 'sells', cell: ({ trades }) => countText(trades.totalSells) },
    {
      title: `profit (${reports[0]?.currency ?? ''})`,
      cell: ({ trades }) => moneyCell(trades.pnl, ink),
    },
    { title: 'won', cell: ({ winRate }) => percentText(winRate) },
    { title: 'fees', cell: ({ fees }) => moneyList(fees), align: 'left' },
  ]
  const total = reports.map(({ trades }) => trades.pnl).reduce(addText, '0')
  const trades = reports.reduce((sum, { totalTrades }) => sum + totalTrades, 0)
  const closed = reports.reduce((sum, { closings }) => sum + closings.closed, 0)
  const won = reports.reduce((sum, { closings }) => sum + closings.won, 0)
  const observations = reportObservations(reports)
  return [
    textTable(reports, columns, { columns: tableColumns, ink }),
    '',
    `${countText(trades)} trades, profit ${moneyCell(total, ink)} ${reports[0]?.currency ?? ''}`,
    `${countText(won)} of ${countText(closed)} closing orders won: ${percentText(winRate({ closed, won }))}`,
    ...reports.flatMap((report) => notes(report).map((line) => `${report.date}: ${line}`)),
    ...(observations.length === 0
      ? []
      : ['', ink.strong('what the figures show'), ...observations]),
  ].join('\n')
}

/** One day: its sums, its markets, its balances. */
export function dayLines(report: DailyReport, layout: Layout): string[] {
  const { ink, tableColumns } = layout
  const { trades, currency, winRate, fees } = report
  const sized = { columns: tableColumns, ink }
  const symbols = Object.entries(report.bySymbol)
  const balances = Object.entries(report.balances)
  return [
    `${ink.strong(report.date)} ${ink.faint(`UTC, balances as of ${new Date(report.writtenAt).toISOString()}`)}`,
    `${countText(trades.totalBuys)} buys, ${countText(trades.totalSells)} sells, ` +
      `profit ${moneyCell(trades.pnl, ink)} ${currency}, won ${percentText(winRate)}` +
      (Object.keys(fees).length === 0 ? '' : `, fees ${moneyList(fees)}`),
    ...(symbols.length === 0 ? [] : ['', textTable(symbols, symbolColumns(ink), sized)]),
    ...(balances.length === 0 ? [] : ['', textTable(balances, balanceColumns, sized)]),
    ...notes(report),
  ]
}

function symbolColumns(ink: Ink): TableColumn<[string, DailyReport['bySymbol'][string]]>[] {
  return [
    { title: 'market', cell: ([symbol]) => symbol, align: 'left' },
    { title: 'bought', cell: ([, { bought }]) => decimalCell(bought) },
    { title: 'at', cell: ([, { avgBuyPrice }]) => decimalCell(avgBuyPrice) },
    { title: 'sold', cell: ([, { sold }]) => decimalCell(sold) },
    { title: 'at', cell: ([, { avgSellPrice }]) => decimalCell(avgSellPrice) },
    { title: 'profit', cell: ([, { pnl }]) => moneyCell(pnl, ink) },
    { title: 'held', cell: ([, { position }]) => decimalCell(position.amount) },
    { title: 'cost', cell: ([, { position }]) => decimalCell(position.avgCost) },
  ]
}

const balanceColumns: TableColumn<[string, DailyReport['balances'][string]]>[] = [
  { title: 'asset', cell: ([asset]) => asset, align: 'left' },
  { title: 'free', cell: ([, { free }]) => decimalCell(free) },
  { title: 'locked', cell: ([, { locked }]) => decimalCell(locked) },
]

/** What is in no figure, said aloud. */
function notes({ notConverted, soldWithoutCost, notComputed, currency }: DailyReport): string[] {
  return [
    ...note(`profit without a rate in ${currency}`, notConverted.pnl),
    ...note('fees without a rate, in no profit', notConverted.fees),
    ...note('sold without a known cost, in no profit', soldWithoutCost),
    ...(notComputed.length === 0 ? [] : [`profit not computed: ${notComputed.join(', ')}`]),
  ]
}

function note(what: string, sums: Readonly<Record<string, string>>): string[] {
  return Object.keys(sums).length === 0 ? [] : [`${what}: ${moneyList(sums)}`]
}

function moneyCell(amount: string, ink: Ink): string {
  const text = decimalCell(amount)
  if (isZero(amount)) return text
  return isNegative(amount) ? ink.sell(text) : ink.buy(`+${text}`)
}

function moneyList(sums: Readonly<Record<string, string>>): string {
  return Object.entries(sums)
    .map(([asset, amount]) => `${decimalCell(amount)} ${asset}`)
    .join(', ')
}
