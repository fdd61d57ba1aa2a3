import { PairduckError } from '../../errors.ts'
import { query } from '../../queries/query.ts'
import type { Lease } from '../../storage/lease.ts'
import type { AddCommand } from '../command.ts'
import { cut, priceText, timeText } from '../figures.ts'
import { addPairCommand } from '../pair-command.ts'
import { textTable } from '../text-table.ts'
import { earliestMs, latestMs } from '../../time.ts'

type Row = Readonly<Record<string, unknown>>

const widestCell = 60

export const addSqlCommand: AddCommand = (program, context) => {
  addPairCommand(program, context, {
    name: 'sql',
    description:
      'Ask a pair anything in DuckDB’s SQL; its tables are ticks, candles_1m, order_flow …',
    configure: (command) => command.argument('<select>', 'a SELECT, in quotes'),
    answer: async ({ pair, db, terminal }, _options, [text]) => {
      const rows = await db.withConnection(pair, (lease) =>
        selectRows(lease, text!, context.signal),
      )
      return {
        json: rows,
        lines: () => {
          if (rows.length === 0) return ['no rows']
          const columns = Object.keys(rows[0]!).map((name) => ({
            title: name,
            cell: (row: Row) => cellText(name, row[name]),
            align: typeof rows[0]![name] === 'number' ? ('right' as const) : ('left' as const),
          }))
          return [textTable(rows, columns, { columns: terminal.tableColumns, ink: terminal.ink })]
        },
      }
    },
  })
}

/**
 * One statement, in a transaction that cannot write: a shell's history is no place for deletes,
 * and what writes to ticks beside the writer breaks its promises. Preparing refuses a second
 * statement, which could end that transaction.
 */
async function selectRows(lease: Lease, text: string, signal: AbortSignal): Promise<Row[]> {
  const select = query<Row>('sql', text)
  await lease.execute('BEGIN TRANSACTION READ ONLY')
  try {
    const statement = await lease.connection.prepare(text)
    statement.destroySync()
  } catch (error) {
    throw new PairduckError(
      'QUERY_FAILED',
      error instanceof Error ? error.message : String(error),
      {
        cause: error,
      },
    )
  }
  return lease.query(select, { signal })
}

/** Times come as numbers: a column named like one, with values like one, is shown as one. */
function cellText(name: string, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') {
    const isTime = /(?:^time|_at$|At$|_time$|_until$|_before$|^oldest|^newest)/.test(name)
    return isTime && value >= earliestMs && value < latestMs ? timeText(value) : priceText(value)
  }
  return cut(typeof value === 'string' ? value : JSON.stringify(value), widestCell)
}
