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
    draw: (surface) => {
      const placed = boxes().flatMap((box) => place(surface, box))
      for (const each of placed) drawBox(surface, each)
      drawLabels(surface, placed)
      return placed.length
    },
  }
}

interface PlacedBox {
  readonly box: PriceBox
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Where a box stands; nothing when it is out of sight. */
function place(surface: Surface, box: PriceBox): PlacedBox[] {
  const { chart, slots, width, height } = surface
  const top = surface.yOf(box.high)
  const bottom = surface.yOf(box.low)
  if (top === undefined || bottom === undefined) return []
  const left = leftEdge(chart, slots, box.knownAt)
  const end = box.endedAt === null ? width : leftEdge(chart, slots, box.endedAt)
  const right = Math.max(end, left + 3)
  if (right < 0 || left > width || bottom < 0 || top > height) return []
  return [{ box, left, right, top, bottom: Math.max(bottom, top + 1) }]
}

function drawBox({ context, palette }: Surface, placed: PlacedBox): void {
  const { box, left, right, top, bottom } = placed
  const colour = box.side === 'demand' ? palette.up : palette.down
  const strength = box.endedAt === null ? 1 : 0.4
  context.fillStyle = faded(colour, (box.kind === 'gap' ? 0.15 : 0.1) * strength)
  context.fillRect(left, top, right - left, bottom - top)
  if (box.kind !== 'zone') return
  context.strokeStyle = faded(colour, 0.75 * strength)
  context.strokeRect(left + 0.5, top + 0.5, right - left - 1, Math.max(1, bottom - top - 1))
}

/** The newest first: a name that would stand on another one is left out. */
function drawLabels({ context, palette, width }: Surface, placed: readonly PlacedBox[]): void {
  context.font = '10px system-ui, sans-serif'
  context.textBaseline = 'top'
  const taken: { readonly left: number; readonly right: number; readonly y: number }[] = []
  for (const { box, left, right, top, bottom } of [...placed].reverse()) {
    const room = Math.min(right, width) - left
    const length = context.measureText(box.label).width
    if (box.endedAt !== null || left < 0 || room < length + 8 || bottom - top < labelPixels)
      continue
    const at = { left: left + 4, right: left + 4 + length, y: top + 1.5 }
    const collides = taken.some(
      (other) =>
        at.left < other.right + 4 &&
        other.left < at.right + 4 &&
        Math.abs(at.y - other.y) < labelPixels,
    )
    if (collides) continue
    taken.push(at)
    context.fillStyle = faded(box.side === 'demand' ? palette.up : palette.down, 0.95)
    context.fillText(box.label, at.left, at.y)
  }
}

const labelPixels = 12
