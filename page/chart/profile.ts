import type { MarketProfile } from 'pairduck'
import { faded } from '../shell/theme.ts'
import type { Layer, Surface } from './layer.ts'

const widthShare = 0.18
const widestPixels = 190
const lineHeight = 12

/** What of a profile is drawn: the part of `MarketProfile` that has prices. */
export type ShownProfile = Pick<
  MarketProfile,
  'poc' | 'valueAreaLow' | 'valueAreaHigh' | 'binSize' | 'bins'
>

/** The volume at each price at the right edge, with point of control and value area. */
export function profileLayer(
  profile: () => ShownProfile | undefined,
  priceOf: (price: number) => string,
): Layer {
  return {
    zOrder: 'bottom',
    draw: (surface) => {
      const shown = profile()
      if (shown === undefined || shown.bins.length === 0) return 0
      const drawn = drawBins(surface, shown)
      drawLines(surface, shown, priceOf)
      return drawn
    },
  }
}

function drawBins(surface: Surface, { bins, poc, binSize, ...area }: ShownProfile): number {
  const { context, palette, width } = surface
  const most = bins.reduce((max, { volume }) => Math.max(max, volume), 0)
  const longest = Math.min(width * widthShare, widestPixels)
  let drawn = 0
  for (const { price, volume, buyVolume } of bins) {
    const top = surface.yOf(price + binSize)
    const bottom = surface.yOf(price)
    if (top === undefined || bottom === undefined || bottom < 0 || top > surface.height) continue
    const length = most > 0 ? (volume / most) * longest : 0
    const isPoc = poc !== null && Math.abs(price - poc) < binSize / 2
    const middle = price + binSize / 2
    const inside = middle > (area.valueAreaLow ?? Infinity) && middle < (area.valueAreaHigh ?? 0)
    const colour = isPoc ? palette.accent : inside ? palette.area : palette.outside
    const height = Math.max(1, bottom - top - (bottom - top > 3 ? 1 : 0))
    context.fillStyle = faded(colour, isPoc ? 0.75 : 0.5)
    context.fillRect(width - length, top, length, height)
    // The part that takers bought, from the axis on: deeper.
    context.fillStyle = faded(colour, 0.28)
    const bought = volume > 0 ? (length * buyVolume) / volume : 0
    context.fillRect(width - bought, top, bought, height)
    drawn++
  }
  return drawn
}

function drawLines(
  surface: Surface,
  { poc, valueAreaHigh, valueAreaLow, binSize }: ShownProfile,
  priceOf: (price: number) => string,
): void {
  if (poc === null || valueAreaHigh === null || valueAreaLow === null) return
  const { context, palette, width } = surface
  const pocY = surface.yOf(poc + binSize / 2)
  const lines = [
    ['VAH', valueAreaHigh, surface.yOf(valueAreaHigh), palette.area],
    ['POC', poc, pocY, palette.accent],
    ['VAL', valueAreaLow, surface.yOf(valueAreaLow), palette.area],
  ] as const
  const left = width - Math.min(width * widthShare, widestPixels)
  context.font = '10.5px system-ui, sans-serif'
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const [name, price, y, colour] of lines) {
    if (y === undefined || pocY === undefined) continue
    context.strokeStyle = faded(colour, name === 'POC' ? 0.9 : 0.7)
    context.setLineDash(name === 'POC' ? [] : [5, 4])
    context.beginPath()
    context.moveTo(left, Math.round(y) + 0.5)
    context.lineTo(width, Math.round(y) + 0.5)
    context.stroke()
    // Names give way where two lines are closer than letters are high.
    const room = Math.max(0, lineHeight - Math.abs(y - pocY))
    const shift = name === 'VAH' ? -room : name === 'VAL' ? room : 0
    context.fillStyle = colour
    context.fillText(`${name} ${priceOf(price)}`, left - 5, y + shift)
  }
}
