import { priceDecimals, priceText, volumeText } from '../figures.ts'

/** Rows of a chart from top to bottom: each row's centre is a round value. */
export interface ValueAxis {
  readonly step: number
  /** The value at the centre of each row, the highest first. */
  readonly rows: readonly number[]
  /** What stands beside each row, all of one width; blank where a label would crowd. */
  readonly labels: readonly string[]
  readonly labelWidth: number
}

export interface ValueAxisOptions {
  readonly min: number
  readonly max: number
  readonly maxRows: number
  readonly unit: 'price' | 'volume'
}

/** Steps of a row, and how many rows make a round step from label to label. */
const steps = [
  { mantissa: 1, labelEvery: 2 },
  { mantissa: 1.25, labelEvery: 4 },
  { mantissa: 1.5, labelEvery: 2 },
  { mantissa: 2, labelEvery: 2 },
  { mantissa: 2.5, labelEvery: 2 },
  { mantissa: 3, labelEvery: 5 },
  { mantissa: 4, labelEvery: 5 },
  { mantissa: 5, labelEvery: 2 },
  { mantissa: 6.25, labelEvery: 4 },
  { mantissa: 8, labelEvery: 5 },
]
/** With fewer rows than this every second one is labelled, or there would be one label only. */
const fewRows = 10

/**
 * The finest axis of round steps that holds `min` to `max` in `maxRows` rows. Labels name the
 * exact value of their row, because a reader takes prices off it.
 */
export function valueAxis(options: ValueAxisOptions): ValueAxis {
  const { min, max, maxRows, unit } = options
  const { step, labelEvery } = rowStep(min, max, maxRows)
  const top = Math.round(max / step)
  const bottom = Math.round(min / step)
  const rows = Array.from({ length: top - bottom + 1 }, (_, row) => clean((top - row) * step))
  const every = rows.length < fewRows ? Math.min(2, rows.length) : labelEvery
  const labelled = (row: number): boolean => (top - row) % every === 0
  const named = rows.filter((_, row) => labelled(row))
  const texts = labelTexts(named.length > 0 ? named : [rows[0]!], unit)
  const labelWidth = Math.max(...[...texts.values()].map((text) => text.length))
  const labels = rows.map((value) => (texts.get(value) ?? '').padStart(labelWidth))
  return { step, rows, labels, labelWidth }
}

/** A round number near `size`, for bins and steps: 1, 2, 2.5 or 5 times a power of ten. */
export function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size))
  const factor = [1, 2, 2.5, 5, 10].find((mantissa) => mantissa * power >= size * (1 - 1e-9))
  return clean((factor ?? 10) * power)
}

function rowStep(min: number, max: number, maxRows: number): { step: number; labelEvery: number } {
  const range = max - min
  const size = Math.max(Math.abs(max), Math.abs(min))
  // One price only, but for the dust of doubles: any step does, so one that its size suggests.
  if (!(range > Math.max(size * 1e-9, 1e-300)))
    return { step: roundStep(Math.max(size * 1e-4, 1e-8)), labelEvery: 2 }
  const rough = range / Math.max(1, maxRows - 1)
  const power = 10 ** Math.floor(Math.log10(rough))
  const fits = (step: number): boolean =>
    Math.round(max / step) - Math.round(min / step) + 1 <= maxRows
  for (const scale of [power, power * 10])
    for (const { mantissa, labelEvery } of steps) {
      const step = clean(mantissa * scale)
      if (step >= rough * 0.999 && fits(step)) return { step, labelEvery }
    }
  return { step: clean(power * 100), labelEvery: 2 }
}

function labelTexts(values: readonly number[], unit: 'price' | 'volume'): Map<number, string> {
  const decimals = priceDecimals(values)
  const text = (value: number): string =>
    unit === 'price' || Math.abs(value) < 1e5 ? priceText(value, decimals) : volumeText(value)
  return new Map(values.map((value) => [value, text(value)]))
}

/** Takes the dust of doubles off: 0.30000000000000004 is 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(12))
}
