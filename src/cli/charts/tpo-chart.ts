import { cut, priceDecimals, priceText } from '../figures.ts'
import type { ChartSize } from './candle-chart.ts'
import { priceRows } from './price-rows.ts'

export interface ChartTpo {
  readonly binSize: number
  /** Lower edges, as those of the bins. */
  readonly poc: number
  readonly valueAreaLow: number
  readonly valueAreaHigh: number
  readonly bins: readonly { readonly price: number; readonly letters: string }[]
}

/** A TPO profile: each row the letters of the periods that touched it, ┃ beside the value area. */
export function tpoChart(tpo: ChartTpo, { columns, rows, ink }: ChartSize): string[] {
  const { lows, rowOf, size } = priceRows(
    tpo.bins.map((bin) => bin.price),
    tpo.binSize,
    Math.max(6, rows - 1),
  )
  const letters = lows.map(() => new Set<string>())
  for (const bin of tpo.bins)
    for (const letter of bin.letters) letters[rowOf(bin.price)]!.add(letter)
  const decimals = priceDecimals(lows)
  const prices = lows.map((low) => priceText(low, decimals))
  const labelWidth = Math.max(...prices.map((price) => price.length))
  const [top, bottom] = [rowOf(tpo.valueAreaHigh - tpo.binSize), rowOf(tpo.valueAreaLow)]
  const lines = letters.map((touched, row) => {
    const name = row === rowOf(tpo.poc) ? ' ◄POC' : ''
    const text = cut([...touched].sort().join(''), columns - labelWidth - 2 - name.length)
    const inside = row >= top && row <= bottom
    return `${prices[row]!.padStart(labelWidth)} ${inside ? '┃' : '│'}${inside ? text : ink.faint(text)}${ink.mark(name)}`
  })
  return [...lines, ink.faint(`rows ${priceText(size)} high; ┃ value area`)]
}
