import { stripVTControlCharacters } from 'node:util'
import CliTable from 'cli-table3'
import { countedText } from './figures.ts'
import type { Ink } from './ink.ts'

export interface TableColumn<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  /** Numbers stand right, names left. */
  readonly align?: 'left' | 'right'
}

export interface TextTableOptions {
  /** How wide it may become; longer cells are cut with an ellipsis. */
  readonly columns: number
  readonly ink: Ink
}

const gap = 2
/** More than a person reads; the library needs minutes for the rows that a program wants. */
const mostRows = 1_000
const narrowest = 6

/**
 * Rows as a table for people: no frame, titles on top, numbers to the right. Of very many the first
 * thousand, and a line that says how many are left out.
 */
export function textTable<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  { columns: width, ink }: TextTableOptions,
): string {
  const cells = rows.slice(0, mostRows).map((row) => columns.map((column) => column.cell(row)))
  const titles = columns.map((column) => column.title)
  const table = new CliTable({
    head: titles.map((title) => ink.faint(title)),
    chars: noFrame,
    colAligns: columns.map((column) => column.align ?? 'right'),
    colWidths: columnWidths([titles, ...cells], width),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': gap },
  })
  table.push(...cells)
  const lines = table.toString().split('\n')
  return [...lines.map((line) => line.trimEnd()), ...leftOut(rows.length)].join('\n')
}

function leftOut(rows: number): string[] {
  return rows > mostRows
    ? [`… ${countedText(rows - mostRows, 'more row')}: --json gives them all`]
    : []
}

/** Widths as the content wants them; the widest gives way until all fit. */
function columnWidths(lines: readonly (readonly string[])[], available: number): number[] {
  const widths = lines[0]!.map(
    (_, column) => Math.max(...lines.map((line) => visibleLength(line[column]!))) + gap,
  )
  for (let excess = sum(widths) - gap - available; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest]! <= narrowest + gap) break
    widths[widest]!--
  }
  return widths
}

function visibleLength(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

const frameParts =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
const noFrame = Object.fromEntries(frameParts.split(' ').map((name) => [name, '']))
