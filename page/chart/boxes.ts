import { faded } from '../shell/theme.ts'
import type { Layer, Surface } from './layer.ts'
import { leftEdge } from './time-slots.ts'

/** A price range from the moment when it could be known, to its end or to now. */
export interface PriceBox {
  /** A gap is shaded, a zone has a frame too. */
  readonly kind: 'gap' | 'zone'
  readonly side: 'demand' | 'supply'
  readonly low: number
  readonly high: number
  readonly knownAt: number
  /** When it was filled or broken; null while it stands. */
  readonly endedAt: number | null
  readonly label: string
}

/** Fair value gaps or zones. What has ended is paler; names stand where there is room for them. */
export function boxLayer(boxes: () => readonly PriceBox[]): Layer {
  return {
    zOrder: 'bottom',
    draw: (surface) => boxes().filter((box) => drawBox(surface, box)).length,
  }
}

function drawBox(surface: Surface, box: PriceBox): boolean {
  const { context, chart, slots, palette, width } = surface
  const top = surface.yOf(box.high)
  const bottom = surface.yOf(box.low)
  if (top === undefined || bottom === undefined) return false
  const left = leftEdge(chart, slots, box.knownAt)
  const end = box.endedAt === null ? width : leftEdge(chart, slots, box.endedAt)
  const right = Math.max(end, left + 3)
  if (right < 0 || left > width || bottom < 0 || top > surface.height) return false
  const colour = box.side === 'demand' ? palette.up : palette.down
  const strength = box.endedAt === null ? 1 : 0.45
  const height = Math.max(1, bottom - top)
  context.fillStyle = faded(colour, (box.kind === 'gap' ? 0.2 : 0.13) * strength)
  context.fillRect(left, top, right - left, height)
  if (box.kind === 'zone') {
    context.strokeStyle = faded(colour, 0.75 * strength)
    context.strokeRect(left + 0.5, top + 0.5, right - left - 1, Math.max(1, height - 1))
  }
  const shownLeft = Math.max(left, 0) + 4
  if (height >= 11 && box.endedAt === null && right - shownLeft > 40) {
    context.fillStyle = faded(colour, 0.95)
    context.font = '10px system-ui, sans-serif'
    context.textBaseline = 'top'
    context.fillText(box.label, shownLeft, top + 1.5)
  }
  return true
}
