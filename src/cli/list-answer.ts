import type { BarOptions } from '../queries/bars.ts'
import { coverageLines, coverageOfList } from './coverage.ts'
import { headingLine } from './heading.ts'
import type { WindowOptions } from './command.ts'
import type { Answer, PairView } from './pair-command.ts'
import { textTable, type TableColumn } from './text-table.ts'

export interface List<Row> {
  /** What the rows are, for the heading. */
  readonly what: string
  readonly rows: readonly Row[]
  readonly columns: readonly TableColumn<Row>[]
  /** The bars that the rows were found in; absent: ticks. */
  readonly bars?: BarOptions
}

/** Rows as an answer: the list itself for programs, a table under a heading for people. */
export async function listAnswer<Row extends object>(
  view: PairView,
  options: WindowOptions,
  { what, rows, columns, bars }: List<Row>,
): Promise<Answer> {
  const { pair, terminal } = view
  const { from, to, asOf } = options
  const { tableColumns, ink } = terminal
  const coverage = await coverageOfList(view, options, rows, bars)
  return {
    json: rows,
    lines: () => [
      headingLine({ pair, what, from, to, asOf }, ink),
      rows.length === 0 ? 'none' : textTable(rows, columns, { columns: tableColumns, ink }),
      ...coverageLines(coverage),
    ],
  }
}
