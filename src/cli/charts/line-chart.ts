import type { ChartSize } from './candle-chart.ts'
import { timeAxis } from './time-axis.ts'
import { valueAxis } from './value-axis.ts'

export interface LinePoint {
  readonly timestamp: number
  readonly value: number
}

/**
 * A line over time with its zero line, for the cumulative volume delta. With more points than
 * columns each column shows the last point of its share, as a bar's close would.
 */
export function lineChart(
  points: readonly LinePoint[],
  { columns, rows, ink }: ChartSize,
): string[] {
  if (points.length === 0) return ['no data']
  const values = points.map((point) => point.value)
  const axis = valueAxis({
    min: Math.min(0, ...minOf(values)),
    max: Math.max(0, ...maxOf(values)),
    maxRows: Math.max(4, rows - 2),
    unit: 'volume',
  })
  const shown = thinned(points, columns - axis.labelWidth - 3)
  const top = Math.round(axis.rows[0]! / axis.step)
  const rowOf = (value: number): number =>
    Math.min(axis.rows.length - 1, Math.max(0, top - Math.round(value / axis.step)))
  const zero = rowOf(0)
  const grid = axis.rows.map((_, row) =>
    Array.from({ length: shown.length }, () => (row === zero ? ink.faint('┄') : ' ')),
  )
  for (const [column, point] of shown.entries()) {
    const paint = point.value < 0 ? ink.sell : ink.buy
    const to = rowOf(point.value)
    const from = column === 0 ? to : rowOf(shown[column - 1]!.value)
    for (const [row, glyph] of stroke(from, to)) grid[row]![column] = paint(glyph)
  }
  return [
    ...grid.map((cells, row) => {
      const label = axis.labels[row]!
      return `${label} ${label.trim() === '' ? '│' : '┤'}${cells.join('')}`.trimEnd()
    }),
    ...timeAxis(
      shown.map((point) => point.timestamp),
      { indent: axis.labelWidth + 1, columns },
    ),
  ]
}

/** The glyphs of one column, where the line goes from one row to another. */
function stroke(from: number, to: number): [row: number, glyph: string][] {
  if (from === to) return [[to, '─']]
  const falls = to > from
  const between = Array.from({ length: Math.abs(to - from) - 1 }, (_, index): [number, string] => [
    Math.min(from, to) + 1 + index,
    '│',
  ])
  return [[from, falls ? '╮' : '╯'], ...between, [to, falls ? '╰' : '╭']]
}

function thinned(points: readonly LinePoint[], columns: number): readonly LinePoint[] {
  if (points.length <= columns) return points
  return Array.from(
    { length: columns },
    (_, column) => points[Math.ceil(((column + 1) * points.length) / columns) - 1]!,
  )
}

// Spreading a long list into Math.min overflows the stack: one value is all that is needed.
function minOf(values: readonly number[]): [number] {
  return [values.reduce((least, value) => Math.min(least, value), Infinity)]
}

function maxOf(values: readonly number[]): [number] {
  return [values.reduce((most, value) => Math.max(most, value), -Infinity)]
}
