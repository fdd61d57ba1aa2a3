import type { MirroredOrderWithHistory, OrderStep } from '../../mirror/stored/mirrored-order.ts'
import { withMirrorOptions, withReader, type MirrorOptions } from '../mirror/connection.ts'
import { printDecimalJson } from '../mirror/decimal-json.ts'
import { decimalCell, orderColumns, orderDecimals } from '../mirror/order-table.ts'
import type { AddCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { UsageError } from '../failure.ts'
import { timeText } from '../figures.ts'
import { freshnessLine } from '../mirror/freshness.ts'
import { symbolHint } from '../mirror/symbol-hint.ts'
import { textTable } from '../text-table.ts'

interface OrdersOptions extends MirrorOptions {
  readonly id?: string
}

export const addOrdersCommand: AddCommand = (program, context) => {
  withMirrorOptions(program.command('orders'))
    .argument('[symbol]', 'only of this market, such as BTC/USDT')
    .option('--id <order>', 'one order, open or not')
    .action(async (symbol: string | undefined, options: OrdersOptions) => {
      if (options.id === undefined) return printOpen(symbol, options, context)
      if (symbol !== undefined) throw new UsageError('--id names an order: leave the symbol out')
      await printOne(options.id, options, context)
    })
}

async function printOpen(
  symbol: string | undefined,
  options: MirrorOptions,
  { terminal }: CliContext,
): Promise<void> {
  const { orders, status, hint } = await withReader(options, async (reader) => {
    const orders = await reader.listOpenOrders(symbol)
    const isVain = orders.length === 0 && symbol !== undefined
    const status = await reader.status()
    const isUnknown = isVain && status.isMirrored
    return { orders, status, hint: isUnknown ? await symbolHint(reader, symbol) : undefined }
  })
  if (hint !== undefined) terminal.note(hint)
  const fresh = freshnessLine(status)
  if (options.json) {
    terminal.note(fresh)
    return printDecimalJson(terminal, orders, orderDecimals)
  }
  if (!status.isMirrored) return terminal.print(fresh)
  const { ink, tableColumns } = terminal
  terminal.print(
    orders.length === 0
      ? 'no open orders'
      : textTable(orders, orderColumns(ink), { columns: tableColumns, ink }),
  )
  terminal.print(ink.faint(fresh))
}

async function printOne(id: string, options: MirrorOptions, context: CliContext): Promise<void> {
  const { terminal } = context
  const order = await withReader(options, (reader) => reader.getOrder(id))
  if (options.json) return printDecimalJson(terminal, order ?? null, orderDecimals)
  if (order === undefined) {
    context.exitCode = 1
    return terminal.note(`pairduck: no order ${id} is mirrored`)
  }
  const { ink, tableColumns } = terminal
  const sized = { columns: tableColumns, ink }
  terminal.print(textTable([order], orderColumns(ink), sized))
  terminal.print(`\n${textTable(order.history, stepColumns(order), sized)}`)
}

function stepColumns({ quote, feeCurrency }: MirroredOrderWithHistory) {
  return [
    {
      title: 'time (UTC)',
      cell: ({ timestamp }: OrderStep) => timeText(timestamp),
      align: 'left' as const,
    },
    { title: 'status', cell: ({ status }: OrderStep) => status, align: 'left' as const },
    { title: 'filled', cell: ({ filled }: OrderStep) => decimalCell(filled) },
    { title: 'at', cell: ({ price }: OrderStep) => decimalCell(price) },
    { title: quote, cell: ({ notional }: OrderStep) => decimalCell(notional) },
    { title: `fee (${feeCurrency})`, cell: ({ fee }: OrderStep) => decimalCell(fee) },
    { title: 'left', cell: ({ amountRemaining }: OrderStep) => decimalCell(amountRemaining) },
  ]
}
