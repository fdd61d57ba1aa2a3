import { cut, priceDecimals, priceText, signedText, volumeText } from '../figures.ts'
import type { Ink } from '../ink.ts'
import type { ChartSize } from './candle-chart.ts'
import { priceRows } from './price-rows.ts'

export interface FootprintCell {
  /** Open time of the bar. */
  readonly timestamp: number
  /** Lower edge of the bin. */
  readonly price: number
  readonly buyVolume: number
  readonly sellVolume: number
  /** The sides that were found to dominate their diagonal neighbours. */
  readonly imbalance?: readonly ('buy' | 'sell')[]
}

const sideWidth = 6
/** Between two separators: a bracket, a figure, a mark, a figure, a bracket. */
const cellWidth = 2 * sideWidth + 3

const corner = 'sell × buy'

interface Sides {
  buy: number
  sell: number
  readonly imbalance: Set<'buy' | 'sell'>
}

/**
 * A footprint as a grid: a column per bar, a row per price, each cell `sells × buys`; the
 * bar's point of control in [ ], an imbalance marked with ◄ (sells) or ► (buys) for the ×, ◆ where a
 * row holds both; below them each bar's volume and delta. The last bars that fit.
 */
export function footprintGrid(
  cells: readonly FootprintCell[],
  binSize: number,
  { columns, rows, ink }: ChartSize,
): string[] {
  if (cells.length === 0) return ['no trades']
  const times = [...new Set(cells.map((cell) => cell.timestamp))].sort((a, b) => a - b)
  const room = columns - labelRoom(cells, binSize)
  const shown = times.slice(-Math.max(1, Math.floor(room / (cellWidth + 1))))
  const visible = cells.filter((cell) => cell.timestamp >= shown[0]!)
  const prices = priceRows(
    visible.map((cell) => cell.price),
    binSize,
    Math.max(6, rows - 5),
  )
  const bars = shown.map((time) => barRows(visible, time, prices))
  const decimals = priceDecimals(prices.lows)
  const labels = prices.lows.map((low) => priceText(low, decimals))
  const labelWidth = Math.max(...labels.map((label) => label.length), corner.length)
  const line = (label: string, texts: readonly string[]): string =>
    `${label.padStart(labelWidth)} │${texts.join('│')}`.trimEnd()
  const totals = bars.map(barTotals)
  return [
    ink.faint(
      line(
        corner,
        shown.map((time) => centred(clockOf(time))),
      ),
    ),
    ...prices.lows.map((_, row) =>
      line(
        labels[row]!,
        bars.map((bar, index) => cellText(bar[row]!, totals[index]!.poc === row, ink)),
      ),
    ),
    `${'─'.repeat(labelWidth + 1)}┼${shown.map(() => '─'.repeat(cellWidth)).join('┼')}`,
    line(
      'volume',
      totals.map(({ volume }) => centred(volumeText(volume))),
    ),
    line(
      'delta',
      totals.map(({ delta }) => (delta < 0 ? ink.sell : ink.buy)(centred(signedText(delta)))),
    ),
    ink.faint(cut(noteText(shown.length, times.length, prices.size), columns)),
  ]
}

/** Columns for the longest price there can be, and a space. */
function labelRoom(cells: readonly FootprintCell[], binSize: number): number {
  const highest = cells.reduce((most, { price }) => Math.max(most, price), 0)
  const label = priceText(highest, priceDecimals([binSize, highest]))
  return Math.max(label.length, corner.length) + 1
}

function barRows(
  cells: readonly FootprintCell[],
  time: number,
  { lows, rowOf }: ReturnType<typeof priceRows>,
): Sides[] {
  const rows: Sides[] = lows.map(() => ({ buy: 0, sell: 0, imbalance: new Set() }))
  for (const cell of cells) {
    if (cell.timestamp !== time) continue
    const row = rows[rowOf(cell.price)]!
    row.buy += cell.buyVolume
    row.sell += cell.sellVolume
    for (const side of cell.imbalance ?? []) row.imbalance.add(side)
  }
  return rows
}

function barTotals(rows: readonly Sides[]): { volume: number; delta: number; poc: number } {
  const volumes = rows.map(({ buy, sell }) => buy + sell)
  return {
    volume: volumes.reduce((sum, volume) => sum + volume, 0),
    delta: rows.reduce((sum, { buy, sell }) => sum + buy - sell, 0),
    poc: volumes.indexOf(Math.max(...volumes)),
  }
}

/** As wide as every other: the mark stands between the two figures and points at its side. */
function cellText({ buy, sell, imbalance }: Sides, isPoc: boolean, ink: Ink): string {
  if (buy + sell === 0) return ' '.repeat(cellWidth)
  const left = compactText(sell).padStart(sideWidth)
  const right = compactText(buy).padEnd(sideWidth)
  const [open, close] = isPoc ? ['[', ']'] : [' ', ' ']
  const sold = imbalance.has('sell')
  const bought = imbalance.has('buy')
  const mark = sold && bought ? '◆' : sold ? '◄' : bought ? '►' : '×'
  const text = `${open}${sold ? ink.sell(left) : left}${mark}${bought ? ink.buy(right) : right}${close}`
  return isPoc ? ink.strong(text) : text
}

/** A volume in at most six characters: 0.0123, 12.35, 12,346, 1.23M, 1.2e-5. */
function compactText(volume: number): string {
  const text = volumeText(volume)
  if (text.length <= sideWidth) return text
  if (volume < 0.001) return volume.toExponential(volume < 1e-9 ? 0 : 1)
  if (volume < 1) return volume.toFixed(4)
  const [, size, unit] = units.find(([below]) => volume < below) ?? []
  if (size === undefined) return volume.toExponential(0).replace('+', '')
  return (volume / size).toPrecision(3) + unit
}

/** Below what a volume is written in which unit; a little less, so that rounding stays below. */
const units: readonly (readonly [below: number, size: number, unit: string])[] = [
  [999.5e3, 1e3, 'k'],
  [999.5e6, 1e6, 'M'],
  [999.5e9, 1e9, 'G'],
  [999.5e12, 1e12, 'T'],
]

function centred(text: string): string {
  const before = Math.floor((cellWidth - text.length) / 2)
  return cut(' '.repeat(Math.max(0, before)) + text, cellWidth).padEnd(cellWidth)
}

function clockOf(time: number): string {
  const iso = new Date(time).toISOString()
  return `${iso.slice(5, 10)} ${time % 60_000 === 0 ? iso.slice(11, 16) : iso.slice(11, 19)}`
}

function noteText(shown: number, all: number, rowSize: number): string {
  const last = shown < all ? `last ${shown} of ${all} bars; ` : ''
  return `${last}rows ${priceText(rowSize)} high; [ ] most volume; ◄ ► imbalance (◆ both)`
}
