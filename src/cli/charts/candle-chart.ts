import type { Ink } from '../ink.ts'
import { volumeText } from '../figures.ts'
import { timeAxis } from './time-axis.ts'
import { valueAxis, type ValueAxis } from './value-axis.ts'

export interface ChartCandle {
  readonly timestamp: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number | null
}

export interface ChartSize {
  readonly columns: number
  readonly rows: number
  readonly ink: Ink
}

const volumeRows = 3
const eighths = ' ▁▂▃▄▅▆▇█'
/** What a half of a cell holds; two of them choose the glyph. */
type Half = ' ' | 'wick' | 'body'
const glyphs: Readonly<Record<Half, Readonly<Record<Half, string>>>> = {
  ' ': { ' ': ' ', wick: '╷', body: '╻' },
  wick: { ' ': '╵', wick: '│', body: '╽' },
  body: { ' ': '╹', wick: '╿', body: '┃' },
}

/**
 * Candles with their volume below; the last ones that fit, and a line that says so if they are
 * not all. Without colours a falling candle's body is ║, a rising one's ┃.
 */
export function candleChart(candles: readonly ChartCandle[], size: ChartSize): string[] {
  if (candles.length === 0) return ['no candles']
  const { columns, rows, ink } = size
  // The labels' width is known only with the candles that are shown: 12 columns are kept for it.
  const room = columns - 14
  const shown = candles.slice(-room)
  const axis = valueAxis({
    min: Math.min(...shown.map((candle) => candle.low)),
    max: Math.max(...shown.map((candle) => candle.high)),
    maxRows: Math.max(4, rows - volumeRows - 3),
    unit: 'price',
  })
  const most = Math.max(...shown.map((candle) => candle.volume ?? 0))
  const indent = Math.max(axis.labelWidth, volumeText(most).length, 'volume'.length)
  const pitch = Math.max(1, Math.min(3, Math.floor((columns - indent - 2) / shown.length)))
  const row = (label: string, cells: readonly string[]): string =>
    `${label.padStart(indent)} ${label.trim() === '' ? '│' : '┤'}${cells.join(' '.repeat(pitch - 1))}`.trimEnd()
  const bodies = shown.map((candle) => candleCells(candle, axis, ink))
  const bars = shown.map((candle) => volumeCells(candle, most, ink))
  const times = shown.flatMap((candle) => [
    candle.timestamp,
    ...Array.from({ length: pitch - 1 }, () => undefined),
  ])
  return [
    ...axis.labels.map((label, index) =>
      row(
        label,
        bodies.map((cells) => cells[index]!),
      ),
    ),
    row(
      volumeText(most),
      bars.map((cells) => cells[0]!),
    ),
    ...Array.from({ length: volumeRows - 1 }, (_, index) =>
      row(
        index === volumeRows - 2 ? 'volume' : '',
        bars.map((cells) => cells[index + 1]!),
      ),
    ),
    ...timeAxis(times, { indent: indent + 1, columns }),
    ...(shown.length < candles.length
      ? [ink.faint(`the last ${shown.length} of ${candles.length} candles`)]
      : []),
  ]
}

/** One candle as a column of glyphs, with half a row as its resolution. */
function candleCells(candle: ChartCandle, axis: ValueAxis, ink: Ink): string[] {
  const top = axis.rows[0]! + axis.step / 2
  const half = (price: number): number =>
    Math.min(axis.rows.length * 2 - 1, Math.max(0, Math.floor((top - price) / (axis.step / 2))))
  const body = [
    half(Math.max(candle.open, candle.close)),
    half(Math.min(candle.open, candle.close)),
  ]
  const wick = [half(candle.high), half(candle.low)]
  const part = (index: number): Half =>
    within(body, index) ? 'body' : within(wick, index) ? 'wick' : ' '
  const falls = candle.close < candle.open
  const paint = falls ? ink.sell : ink.buy
  return axis.rows.map((_, row) => {
    const [upper, lower] = [part(row * 2), part(row * 2 + 1)]
    const plainFall = falls && !ink.coloured && (upper === 'body' || lower === 'body')
    const glyph = plainFall ? '║' : glyphs[upper][lower]
    return glyph === ' ' ? glyph : paint(glyph)
  })
}

function within(range: readonly number[], index: number): boolean {
  return index >= range[0]! && index <= range[1]!
}

function volumeCells({ volume, open, close }: ChartCandle, most: number, ink: Ink): string[] {
  const share = most > 0 ? (volume ?? 0) / most : 0
  // Anything traded shows at least the thinnest line.
  const level = share > 0 ? Math.max(1, Math.round(share * volumeRows * 8)) : 0
  const paint = close < open ? ink.sell : ink.buy
  return Array.from({ length: volumeRows }, (_, row) => {
    const filled = Math.min(8, Math.max(0, level - (volumeRows - 1 - row) * 8))
    return filled === 0 ? ' ' : paint(eighths[filled]!)
  })
}
