import type { Rounding } from '../../queries/bins.ts'
import { belowName } from '../bar-options.ts'
import { cut, percentText, priceDecimals, priceText, volumeText } from '../figures.ts'
import type { ChartSize } from './candle-chart.ts'
import { priceRows, type PriceRows } from './price-rows.ts'

export interface ChartProfile {
  readonly binSize: number
  /** Which of its edges, or its middle, names a bin. Default `floor`: the lower edge. */
  readonly rounding?: Rounding
  /** Lower edge of the bin that traded most. */
  readonly poc: number
  /** Lower edge of the value area's lowest bin. */
  readonly valueAreaLow: number
  /** Upper edge of the value area's highest bin. */
  readonly valueAreaHigh: number
  readonly bins: readonly ChartBin[]
}

export interface ChartBin {
  /** Lower edge. */
  readonly price: number
  readonly volume: number
}

const namedBy = { floor: 'lower edge', nearest: 'middle', halfEven: 'middle', ceil: 'upper edge' }

const leftPart = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/**
 * A market profile as horizontal bars, the highest price on top: █ inside the value area, ░
 * outside; the point of control and both edges of the value area are named.
 */
export function profileChart(profile: ChartProfile, { columns, rows, ink }: ChartSize): string[] {
  if (profile.bins.length === 0) return ['no trades']
  const { lows, binsPerRow, size, rowOf } = priceRows(
    profile.bins.map((bin) => bin.price),
    profile.binSize,
    Math.max(6, rows - 2),
  )
  const volumes = volumeByRow(profile.bins, lows.length, rowOf)
  const most = Math.max(...volumes)
  const total = volumes.reduce((sum, volume) => sum + volume, 0)
  const marks = rowMarks(profile, rowOf)
  // A row of many bins has no name of its own: its lower edge says where it is.
  const rounding = binsPerRow > 1 ? 'floor' : (profile.rounding ?? 'floor')
  const names = lows.map((low) => low + belowName(rounding, profile.binSize))
  const decimals = priceDecimals([...names, profile.valueAreaHigh])
  const prices = names.map((name) => priceText(name, decimals))
  const texts = volumes.map(
    (volume) => `${volumeText(volume).padStart(8)} ${percentText(volume / total).padStart(7)}`,
  )
  const labelWidth = Math.max('price'.length, ...prices.map((price) => price.length))
  const markWidth = Math.max(...[...marks.values()].map((mark) => mark.label.length))
  const barWidth = columns - labelWidth - 2 - 17 - 1 - markWidth
  const lines = volumes.map((volume, row) => {
    const { label, inside } = marks.get(row) ?? { label: '', inside: isInside(row, marks) }
    const bar = barText((volume / most) * barWidth, inside)
    const paint = label.includes('POC') ? ink.mark : inside ? ink.buy : ink.faint
    const padded = paint(bar) + ' '.repeat(barWidth - bar.length)
    return `${prices[row]!.padStart(labelWidth)} │${padded} ${texts[row]} ${ink.mark(label)}`.trimEnd()
  })
  const heading = `${'price'.padStart(labelWidth)} │${' '.repeat(barWidth)} ${'volume'.padStart(8)}   share`
  const note = `a row is ${priceText(size)} high, named by its ${namedBy[rounding]}${binsPerRow > 1 ? ` (${binsPerRow} bins of ${priceText(profile.binSize)})` : ''}`
  return [ink.faint(heading), ...lines, ink.faint(cut(note, columns))]
}

interface RowMark {
  readonly label: string
  readonly inside: boolean
}

function volumeByRow(
  bins: readonly ChartBin[],
  rowCount: number,
  rowOf: PriceRows['rowOf'],
): number[] {
  const volumes = Array.from({ length: rowCount }, () => 0)
  for (const bin of bins) volumes[rowOf(bin.price)]! += bin.volume
  return volumes
}

/** Which rows carry a name. Rows between the two edges are inside too. */
function rowMarks(profile: ChartProfile, rowOf: PriceRows['rowOf']): Map<number, RowMark> {
  const names = new Map<number, string[]>()
  const add = (row: number, name: string): void => {
    names.set(row, [...(names.get(row) ?? []), name])
  }
  // The upper edge belongs to the bin above it: the row is that of the bin below.
  add(rowOf(profile.valueAreaHigh - profile.binSize), 'VAH')
  add(rowOf(profile.poc), 'POC')
  add(rowOf(profile.valueAreaLow), 'VAL')
  return new Map(
    [...names].map(([row, labels]) => [row, { label: `◄${labels.join(' ')}`, inside: true }]),
  )
}

function isInside(row: number, marks: ReadonlyMap<number, RowMark>): boolean {
  const rows = [...marks.keys()]
  return row >= Math.min(...rows) && row <= Math.max(...rows)
}

function barText(width: number, inside: boolean): string {
  const whole = Math.floor(width)
  if (!inside) return '░'.repeat(Math.max(Math.round(width), width > 0 ? 1 : 0))
  const bar = '█'.repeat(whole) + leftPart[Math.floor((width - whole) * 8)]!
  return bar === '' && width > 0 ? leftPart[1]! : bar
}
