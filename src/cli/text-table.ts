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
  /** How wide it may become: words are cut with an ellipsis, figures never; rather columns go. */
  readonly columns: number
  readonly ink: Ink
}

const gap = 2
/** More than a person reads; the library needs minutes for the rows that a program wants. */
const mostRows = 1_000
/** Words are cut to so many letters before a column goes, and further when only names are left. */
const leastWords = 12
const narrowest = 6

/**
 * Rows as a table for people: no frame, titles on top, numbers to the right. Of very many the first
 * thousand, and a line that says how many are left out. A figure without its last digits is another
 * figure: on a narrow screen the columns at the right go, and a line says which.
 */
export function textTable<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  { columns: width, ink }: TextTableOptions,
): string {
  const cells = rows.slice(0, mostRows).map((row) => columns.map((column) => column.cell(row)))
  const titles = columns.map((column) => column.title)
  const all = columns.map((column, at) => measure(column, [titles, ...cells], at))
  const fitting = fittingColumns(all, width)
  const shown = columns.slice(0, fitting)
  const table = new CliTable({
    head: shown.map(({ title }) => ink.faint(title)),
    chars: noFrame,
    colAligns: shown.map((column) => column.align ?? 'right'),
    colWidths: columnWidths(all.slice(0, fitting), width),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': gap },
  })
  table.push(...cells.map((line) => line.slice(0, fitting)))
  const lines = table.toString().split('\n')
  const hidden = titles.slice(fitting)
  return [
    ...lines.map((line) => line.trimEnd()),
    ...(hidden.length > 0 ? [`too narrow for: ${hidden.join(', ')}`] : []),
    ...leftOut(rows.length),
  ].join('\n')
}

function leftOut(rows: number): string[] {
  return rows > mostRows
    ? [`… ${countedText(rows - mostRows, 'more row')}: --json gives them all`]
    : []
}

interface Measured {
  /** With the gap behind it. */
  readonly width: number
  /** Words may be cut, figures and times not. */
  readonly isWords: boolean
}

function measure<Row>(
  { align = 'right' }: TableColumn<Row>,
  [titles, ...cells]: readonly (readonly string[])[],
  at: number,
): Measured {
  const texts = cells.map((line) => stripVTControlCharacters(line[at]!))
  const lengths = [titles![at]!, ...texts].map((text) => visibleLength(text))
  const isFigure =
    align === 'right' || (texts.length > 0 && texts.every((text) => /^[-+–]?\d|^–$/.test(text)))
  return {
    width: lengths.reduce((most, length) => Math.max(most, length), 0) + gap,
    isWords: !isFigure,
  }
}

/** How many columns from the left have room; the first, which names the row, always. */
function fittingColumns(all: readonly Measured[], available: number): number {
  const least = all.map(({ width, isWords }) =>
    isWords ? Math.min(width, leastWords + gap) : width,
  )
  let fitting = all.length
  while (fitting > 1 && sum(least.slice(0, fitting)) - gap > available) fitting--
  return fitting
}

/** Widths as the content wants them; the widest column of words gives way until all fit. */
function columnWidths(columns: readonly Measured[], available: number): number[] {
  const widths = columns.map(({ width }) => width)
  for (let excess = sum(widths) - gap - available; excess > 0; excess--) {
    const words = widths.map((width, at) => (columns[at]!.isWords ? width : 0))
    const widest = words.indexOf(Math.max(...words))
    if (words[widest]! <= narrowest + gap) break
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
