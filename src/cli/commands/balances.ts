import { compareText } from '../../mirror/model/decimal.ts'
import { withMirrorOptions, withReader, type MirrorOptions } from '../mirror/connection.ts'
import { printDecimalJson } from '../mirror/decimal-json.ts'
import { freshnessLine } from '../mirror/freshness.ts'
import { decimalCell } from '../mirror/order-table.ts'
import type { AddCommand } from '../command.ts'
import { textTable } from '../text-table.ts'

interface BalancesOptions extends MirrorOptions {
  readonly all: boolean
}

export const addBalancesCommand: AddCommand = (program, { terminal }) => {
  withMirrorOptions(program.command('balances'))
    .option('--all', 'also assets of which there is nothing', false)
    .action(async (options: BalancesOptions) => {
      const { held, status } = await withReader(options, async (reader) => ({
        held: await reader.getBalances(),
        status: await reader.status(),
      }))
      const fresh = freshnessLine(status)
      const balances = held.filter(
        ({ free, used, total }) =>
          options.all || [free, used, total].some((part) => compareText(part, '0') !== 0),
      )
      if (options.json) {
        terminal.note(fresh)
        return printDecimalJson(terminal, balances, ['free', 'used', 'total'])
      }
      if (!status.isMirrored) return terminal.print(fresh)
      const { ink, tableColumns } = terminal
      terminal.print(
        balances.length === 0
          ? 'no balances'
          : textTable(
              balances,
              [
                { title: 'asset', cell: ({ asset }) => asset, align: 'left' },
                { title: 'free', cell: ({ free }) => decimalCell(free) },
                { title: 'in orders', cell: ({ used }) => decimalCell(used) },
                { title: 'total', cell: ({ total }) => decimalCell(total) },
              ],
              { columns: tableColumns, ink },
            ),
      )
      terminal.print(ink.faint(fresh))
    })
}
