import type { FootprintBar, FootprintCell } from 'pairduck'
import { roundStep, volumeText } from '../shell/figures.ts'
import { faded } from '../shell/theme.ts'
import type { Layer, Surface } from './layer.ts'
import { leftEdge } from './time-slots.ts'

/** A bar narrower than this has no room for two figures. */
export const leastBarPixels = 62
const leastRowPixels = 11
const imbalanceRatio = 3

/** The bin of a footprint whose rows are high enough for text, for a price axis of this scale. */
export function footprintBin(pricePerPixel: number, tick: number): number {
  return Math.max(tick, roundStep(pricePerPixel * (leastRowPixels + 3)))
}

/** The bins of a bar put together into wider ones, as the zoom asks for. */
export function regrouped(bars: readonly FootprintBar[], binSize: number): FootprintBar[] {
  return bars.map((bar) => {
    const cells = new Map<number, FootprintCell>()
    for (const cell of bar.bins) {
      // The nudge keeps 0.3 ÷ 0.1 in bin 3.
      const price = Number((Math.floor(cell.price / binSize + 1e-9) * binSize).toPrecision(12))
      const sum = cells.get(price)
      cells.set(price, sum === undefined ? { ...cell, price } : added(sum, cell))
    }
    const bins = [...cells.values()].sort((a, b) => a.price - b.price)
    const poc = bins.reduce((most, cell) => (cell.volume > most.volume ? cell : most), bins[0]!)
    return { ...bar, bins, poc: poc?.price ?? bar.poc }
  })
}

function added(a: FootprintCell, b: FootprintCell): FootprintCell {
  return {
    price: a.price,
    buyVolume: a.buyVolume + b.buyVolume,
    sellVolume: a.sellVolume + b.sellVolume,
    buyCount: a.buyCount + b.buyCount,
    sellCount: a.sellCount + b.sellCount,
    delta: a.delta + b.delta,
    volume: a.volume + b.volume,
  }
}

export interface ShownFootprint {
  readonly binSize: number
  readonly bars: readonly FootprintBar[]
}

/**
 * A cell per bar and price with `sold × bought`, the deeper its colour the larger its delta; the
 * bar's point of control is framed, an imbalance of 3 to 1 is bold; below it the bar's delta.
 */
export function footprintLayer(footprint: () => ShownFootprint | undefined): Layer {
  return {
    zOrder: 'top',
    draw: (surface) => {
      const shown = footprint()
      if (shown === undefined) return 0
      return shown.bars.reduce((cells, bar) => cells + drawBar(surface, bar, shown.binSize), 0)
    },
  }
}

function drawBar(surface: Surface, bar: FootprintBar, binSize: number): number {
  const { chart, slots, width, context, palette } = surface
  const left = leftEdge(chart, slots, bar.timestamp) + 3
  const right = leftEdge(chart, slots, bar.timestamp + slots.widthMs) - 3
  if (right < 0 || left > width) return 0
  const most = bar.bins.reduce((max, { volume }) => Math.max(max, volume), 0)
  let lowest = 0
  let drawn = 0
  for (const cell of bar.bins) {
    const top = surface.yOf(cell.price + binSize)
    const bottom = surface.yOf(cell.price)
    if (top === undefined || bottom === undefined) continue
    lowest = Math.max(lowest, bottom)
    if (bottom < 0 || top > surface.height) continue
    drawCell(surface, { cell, left, right, top, bottom, most, isPoc: cell.price === bar.poc })
    drawn++
  }
  context.fillStyle = bar.delta < 0 ? palette.down : palette.up
  context.font = '600 11px system-ui, sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'top'
  const sign = bar.delta > 0 ? '+' : ''
  context.fillText(`Δ ${sign}${volumeText(bar.delta)}`, (left + right) / 2, lowest + 4)
  return drawn
}

interface PlacedCell {
  readonly cell: FootprintCell
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly most: number
  readonly isPoc: boolean
}

function drawCell({ context, palette }: Surface, placed: PlacedCell): void {
  const { cell, left, right, top, bottom, most, isPoc } = placed
  const { buyVolume, sellVolume } = cell
  const strength = most > 0 ? Math.abs(buyVolume - sellVolume) / most : 0
  const colour = buyVolume >= sellVolume ? palette.up : palette.down
  context.fillStyle = palette.background
  context.fillRect(left, top, right - left, bottom - top)
  context.fillStyle = faded(colour, 0.1 + 0.6 * strength)
  context.fillRect(left, top + 0.5, right - left, bottom - top - 1)
  if (isPoc) {
    context.strokeStyle = palette.accent
    context.lineWidth = 1.5
    context.strokeRect(left + 0.75, top + 1, right - left - 1.5, bottom - top - 2)
    context.lineWidth = 1
  }
  if (bottom - top < leastRowPixels) return
  const middle = (left + right) / 2
  const y = (top + bottom) / 2
  context.textBaseline = 'middle'
  context.fillStyle = palette.text
  context.font = font(sellVolume > imbalanceRatio * buyVolume && buyVolume > 0)
  context.textAlign = 'right'
  context.fillText(volumeText(sellVolume), middle - 6, y)
  context.font = font(buyVolume > imbalanceRatio * sellVolume && sellVolume > 0)
  context.textAlign = 'left'
  context.fillText(volumeText(buyVolume), middle + 6, y)
  context.fillStyle = palette.faint
  context.font = font(false)
  context.textAlign = 'center'
  context.fillText('×', middle, y)
}

function font(bold: boolean): string {
  return `${bold ? '700 ' : ''}10px system-ui, sans-serif`
}
