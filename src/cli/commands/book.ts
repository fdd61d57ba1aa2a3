import type { OrderBookLevel } from '../../mirror/read/order-book.ts'
import { withMirrorOptions, withReader, type MirrorOptions } from '../mirror/connection.ts'
import { printDecimalJson } from '../mirror/decimal-json.ts'
import { decimalCell } from '../mirror/order-table.ts'
import type { AddCommand } from '../command.ts'
import { countText } from '../figures.ts'
import { freshnessLine } from '../mirror/freshness.ts'
import { symbolHint } from '../mirror/symbol-hint.ts'
import { textTable } from '../text-table.ts'

interface SidedLevel extends OrderBookLevel {
  readonly side: 'ask' | 'bid'
}

export const addBookCommand: AddCommand = (program, { terminal }) => {
  withMirrorOptions(program.command('book'))
    .argument('<symbol>', 'such as BTC/USDT')
    .action(async (symbol: string, options: MirrorOptions) => {
      const { book, ticker, hint, status } = await withReader(options, async (reader) => {
        const book = await reader.getOrderBook(symbol)
        const isEmpty = book.asks.length + book.bids.length === 0
        const status = await reader.status()
        const isUnknown = isEmpty && status.isMirrored
        const hint = isUnknown ? await symbolHint(reader, symbol) : undefined
        return { book, ticker: await reader.getTicker(symbol), hint, status }
      })
      if (hint !== undefined) terminal.note(hint)
      if (options.json)
        return printDecimalJson(terminal, { ...book, mirror: status }, ['price', 'amount'])
      const fresh = freshnessLine(status)
      if (!status.isMirrored) return terminal.print(fresh)
      const { ink, tableColumns } = terminal
      // As on every exchange's screen: asks above, the best in the middle, bids below.
      const levels: SidedLevel[] = [
        ...book.asks.toReversed().map((level) => ({ ...level, side: 'ask' as const })),
        ...book.bids.map((level) => ({ ...level, side: 'bid' as const })),
      ]
      if (ticker !== undefined) terminal.print(`${symbol} last ${decimalCell(ticker.price)}`)
      terminal.print(
        levels.length === 0
          ? `no open limit orders of ${symbol}`
          : textTable(
              levels,
              [
                {
                  title: 'side',
                  cell: ({ side }) => (side === 'bid' ? ink.buy(side) : ink.sell(side)),
                  align: 'left',
                },
                { title: 'price', cell: ({ price }) => decimalCell(price) },
                { title: 'amount', cell: ({ amount }) => decimalCell(amount) },
                { title: 'orders', cell: ({ orders }) => countText(orders) },
              ],
              { columns: tableColumns, ink },
            ),
      )
      terminal.print(ink.faint(fresh))
    })
}
