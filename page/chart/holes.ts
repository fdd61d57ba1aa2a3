import { faded } from '../shell/theme.ts'
import { durationText } from '../shell/figures.ts'
import type { Layer, Surface } from './layer.ts'
import { leftEdge } from './time-slots.ts'

/** A stretch of time whose trades are missing, or that had none. */
export interface Hole {
  readonly from: number
  /** Null: it goes on. */
  readonly to: number | null
  /** `quiet`: no bar is there, and nothing says that one is missing. The others: the gap ledger. */
  readonly state: 'quiet' | 'open' | 'unfillable' | 'unproved' | 'filled'
  /** False: too long to be drawn bar by bar; a line stands for it. */
  readonly drawnInFull: boolean
}

const stripePixels = 7

/** Holes are hatched over the whole height, so that nobody reads a flat chart as a calm market. */
export function holeLayer(holes: () => readonly Hole[]): Layer {
  return {
    zOrder: 'bottom',
    draw: (surface) => holes().filter((hole) => drawHole(surface, hole)).length,
  }
}

function drawHole(surface: Surface, hole: Hole): boolean {
  const { chart, slots, width } = surface
  const left = leftEdge(chart, slots, hole.from)
  const end = hole.to === null ? width : leftEdge(chart, slots, hole.to)
  const right = Math.max(end, left + 2)
  if (right < 0 || left > width) return false
  if (!hole.drawnInFull) drawBreak(surface, hole, right)
  else if (hole.state === 'quiet') drawShade(surface, left, right)
  else drawHatch(surface, { hole, left, right })
  return true
}

/** A break of two years would push everything else off the screen: it is a line with its length. */
function drawBreak({ context, palette, height }: Surface, hole: Hole, x: number): void {
  context.strokeStyle = faded(palette.hole, 0.8)
  context.setLineDash([4, 4])
  context.beginPath()
  context.moveTo(x, 0)
  context.lineTo(x, height)
  context.stroke()
  context.setLineDash([])
  context.fillStyle = palette.hole
  context.font = '10px system-ui, sans-serif'
  context.textAlign = 'right'
  const length = hole.to === null ? '' : ` ${durationText(hole.to - hole.from)}`
  context.fillText(`no trades for${length}`, x - 4, height - 8)
}

function drawShade({ context, palette, height }: Surface, left: number, right: number): void {
  context.fillStyle = faded(palette.faint, 0.07)
  context.fillRect(left, 0, right - left, height)
}

function drawHatch(
  { context, palette, height, width }: Surface,
  { hole, left, right }: { hole: Hole; left: number; right: number },
): void {
  const from = Math.max(left, 0)
  const to = Math.min(right, width)
  context.save()
  context.beginPath()
  context.rect(from, 0, to - from, height)
  context.clip()
  context.fillStyle = faded(palette.hole, 0.1)
  context.fillRect(from, 0, to - from, height)
  context.strokeStyle = faded(palette.hole, 0.4)
  context.beginPath()
  for (let x = from - height; x < to; x += stripePixels) {
    context.moveTo(x, height)
    context.lineTo(x + height, 0)
  }
  context.stroke()
  context.fillStyle = palette.hole
  context.font = '10px system-ui, sans-serif'
  context.fillText(holeText(hole), from + 3, height - 8)
  context.restore()
}

function holeText({ state, from, to }: Hole): string {
  const length = to === null ? 'up to now' : durationText(to - from)
  const said = { open: 'missing', unfillable: 'lost', unproved: 'unproved', filled: '', quiet: '' }
  return `${said[state]} ${length}`.trim()
}
