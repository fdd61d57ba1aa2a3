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
  /** A side that was found to dominate its diagonal neighbour. */
  readonly imbalance?: 'buy' | 'sell' | null
}

const cellWidth = 15
const sideWidth = 6

interface Sides {
  buy: number
  sell: number
  imbalance: 'buy' | 'sell' | undefined
}

/**
 * A footprint as a grid: a column per bar, a row per price, each cell `sells × buys`; the
 * bar's point of control in [ ], an imbalance marked with ◄ (sells) or ► (buys); below them each
 * bar's volume and delta. The last bars that fit.
 */
export function footprintGrid(
  cells: readonly FootprintCell[],
  binSize: number,
  { columns, rows, ink }: ChartSize,
): string[] {
  if (cells.length === 0) return ['no trades']
  const times = [...new Set(cells.map((cell) => cell.timestamp))].sort((a, b) => a - b)
  const labelRoom = 12
  const shown = times.slice(-Math.max(1, Math.floor((columns - labelRoom) / cellWidth)))
  const visible = cells.filter((cell) => cell.timestamp >= shown[0]!)
  const prices = priceRows(
    visible.map((cell) => cell.price),
    binSize,
    Math.max(6, rows - 5),
  )
  const bars = shown.map((time) => barRows(visible, time, prices))
  const decimals = priceDecimals(prices.lows)
  const labels = prices.lows.map((low) => priceText(low, decimals))
  const labelWidth = Math.max(...labels.map((label) => label.length), 'sell × buy'.length)
  const line = (label: string, texts: readonly string[]): string =>
    `${label.padStart(labelWidth)} │${texts.join('│')}`.trimEnd()
  const totals = bars.map(barTotals)
  return [
    ink.faint(
      line(
        'sell × buy',
        shown.map((time) => centred(clockOf(time))),
      ),
    ),
    ...prices.lows.map((_, row) =>
      line(
        labels[row]!,
        bars.map((bar, index) => cellText(bar[row]!, totals[index]!.poc === row, ink)),
      ),
    ),
    `${'─'.repeat(labelWidth + 1)}┼${shown.map(() => '─'.repeat(cellWidth - 1)).join('┼')}`,
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

function barRows(
  cells: readonly FootprintCell[],
  time: number,
  { lows, rowOf }: ReturnType<typeof priceRows>,
): Sides[] {
  const rows: Sides[] = lows.map(() => ({ buy: 0, sell: 0, imbalance: undefined }))
  for (const cell of cells) {
    if (cell.timestamp !== time) continue
    const row = rows[rowOf(cell.price)]!
    row.buy += cell.buyVolume
    row.sell += cell.sellVolume
    row.imbalance ??= cell.imbalance ?? undefined
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

function cellText({ buy, sell, imbalance }: Sides, isPoc: boolean, ink: Ink): string {
  if (buy + sell === 0) return ' '.repeat(cellWidth - 1)
  const left = compact(sell).padStart(sideWidth)
  const right = compact(buy).padEnd(sideWidth)
  const [open, close] = isPoc ? ['[', ']'] : [' ', ' ']
  const sellMark = imbalance === 'sell' ? '◄' : open
  const buyMark = imbalance === 'buy' ? '►' : close
  const middle = `${imbalance === 'sell' ? ink.sell(left) : left}×${imbalance === 'buy' ? ink.buy(right) : right}`
  const text = `${sellMark}${middle}${buyMark}`
  return isPoc ? ink.strong(text) : text
}

/** A volume in at most six characters. */
function compact(volume: number): string {
  const text = volumeText(volume)
  if (text.length <= sideWidth) return text
  return volume >= 1000
    ? `${Math.round(volume / 1000)}k`
    : volume.toPrecision(3).slice(0, sideWidth)
}

function centred(text: string): string {
  const width = cellWidth - 1
  const before = Math.floor((width - text.length) / 2)
  return (' '.repeat(Math.max(0, before)) + text).padEnd(width)
}

function clockOf(time: number): string {
  const iso = new Date(time).toISOString()
  return `${iso.slice(5, 10)} ${time % 60_000 === 0 ? iso.slice(11, 16) : iso.slice(11, 19)}`
}

function noteText(shown: number, all: number, rowSize: number): string {
  const last = shown < all ? `last ${shown} of ${all} bars; ` : ''
  return `${last}rows ${priceText(rowSize)} high; [ ] most volume; ◄ ► imbalance`
}
