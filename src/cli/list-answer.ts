import type { Coverage } from '../queries/index.ts'
import { coverageLines, headingLine } from './heading.ts'
import type { WindowOptions } from './command.ts'
import type { Answer, PairView } from './pair-command.ts'
import { textTable, type TableColumn } from './text-table.ts'

export interface List<Row> {
  /** What the rows are, for the heading. */
  readonly what: string
  readonly rows: readonly Row[]
  readonly columns: readonly TableColumn<Row>[]
  /** Of the first row, where rows carry it. */
  readonly coverage?: Coverage | undefined
}

/** Rows as an answer: the list itself for programs, a table under a heading for people. */
export function listAnswer<Row>(
  { pair, terminal }: PairView,
  { from, to, asOf }: WindowOptions,
  { what, rows, columns, coverage }: List<Row>,
): Answer {
  const { tableColumns, ink } = terminal
  return {
    json: rows,
    lines: () => [
      headingLine({ pair, what, from, to, asOf }, ink),
      rows.length === 0 ? 'none' : textTable(rows, columns, { columns: tableColumns, ink }),
      ...coverageLines(coverage),
    ],
  }
}
