/** Figures and times as a person reads them. Programs get the plain numbers (`--json`). */

const none = '–'
/** With more decimals than this, and below this, a figure is shown with its power of ten. */
const longestFraction = 12
const smallestFixed = 1e-4
/** What a few additions of doubles leave behind, in relation to the value. */
const dust = 2 * Number.EPSILON
/** More digits tell nothing of a double. */
const digitsOfDouble = 17
/** Decimals that Intl can show: enough for every double that is not smaller than {@link smallestFixed}. */
const mostDecimals = 20

/** A price with as many decimals as its size calls for: 61,837.63, 0.00001234, 1.5e-11. */
export function priceText(price: number | null | undefined, decimals?: number): string {
  if (price === null || price === undefined || !Number.isFinite(price)) return none
  const shown = decimals ?? priceDecimals([price])
  const size = Math.abs(price)
  if (shown <= longestFraction || size >= smallestFixed || size === 0) return fixed(price, shown)
  return scientific(price, shown + exponentOf(price) + 1)
}

/** The fewest decimals that show all of these prices without loss, but for the dust of doubles. */
export function priceDecimals(prices: readonly number[]): number {
  return prices.reduce((most, price) => Math.max(most, decimalsOf(price)), 0)
}

/** A volume in about four digits: 0.0012, 12.35, 1,204, 3.45M, 0.00000001. */
export function volumeText(volume: number | null | undefined): string {
  if (volume === null || volume === undefined || !Number.isFinite(volume)) return none
  const size = Math.abs(volume)
  if (size >= 1e9) return `${fixed(volume / 1e9, 2)}G`
  if (size >= 1e6) return `${fixed(volume / 1e6, 2)}M`
  if (size >= 1e5) return `${fixed(volume / 1e3, 1)}k`
  if (size === 0) return '0'
  if (size < 1e-5) return priceText(Number(volume.toPrecision(4)))
  return fixed(volume, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6)
}

/** With its sign, for deltas. */
export function signedText(value: number | null | undefined): string {
  const text = volumeText(value)
  return typeof value === 'number' && value > 0 ? `+${text}` : text
}

export function countText(count: number): string {
  return fixed(count, 0)
}

/** `1 row`, `1,204 rows`. */
export function countedText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${fixed(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`
}

/** The size of a file's blocks, which is a whole number of KiB. */
export function blockText(bytes: number): string {
  return `${bytes / 1024} KiB`
}

export function percentText(share: number | null | undefined): string {
  return typeof share === 'number' && Number.isFinite(share) ? `${fixed(share * 100, 1)} %` : none
}

export function ratioText(ratio: number | null | undefined): string {
  return typeof ratio === 'number' && Number.isFinite(ratio) ? fixed(ratio, 3) : none
}

/** `2024-08-08 23:54:15`, UTC; milliseconds and microseconds only where there are any. */
export function timeText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return none
  const micros = Math.round(ms * 1000)
  const text = new Date(Math.floor(micros / 1000)).toISOString()
  const fraction = String(((micros % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0')
  const shown = fraction.replace(/000$/, '')
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${/^0+$/.test(shown) ? '' : `.${shown}`}`
}

/** How long something took or ago it was: `850 ms`, `12.3 s`, `4 min`, `3 h`, `2 d`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${fixed(ms, 0)} ms`
  if (ms < 60_000) return `${fixed(ms / 1_000, 1)} s`
  if (ms < 3_600_000) return `${fixed(ms / 60_000, 0)} min`
  if (ms < 86_400_000) return `${fixed(ms / 3_600_000, 1)} h`
  return `${fixed(ms / 86_400_000, 1)} d`
}

/** A text in at most so many characters; what was cut off shows as an ellipsis. */
export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`
}

const formats = new Map<number, Intl.NumberFormat>()

function fixed(value: number, wanted: number): string {
  const decimals = Math.min(mostDecimals, wanted)
  let format = formats.get(decimals)
  if (format === undefined) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
    format = new Intl.NumberFormat('en-US', digits)
    formats.set(decimals, format)
  }
  const text = format.format(value)
  // What rounds to nothing has no sign: -0.00 would make a reader look for a loss.
  return text.startsWith('-') && !/[1-9]/.test(text) ? text.slice(1) : text
}

/** With a power of ten and so many digits: 1.50e-11. */
function scientific(value: number, digits: number): string {
  return value.toExponential(Math.min(digitsOfDouble, Math.max(1, digits)) - 1)
}

function decimalsOf(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return 0
  const rounded = withoutDust(value)
  return Math.max(0, significantDigits(rounded).length - 1 - exponentOf(rounded))
}

/** The shortest decimal number that differs from this one by dust only: 0.1 + 0.2 is 0.3. */
function withoutDust(value: number): number {
  for (const digits of [15, 16]) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.abs(rounded - value) <= dust * Math.abs(value)) return rounded
  }
  return value
}

function significantDigits(value: number): string {
  return value.toExponential().replace(/e.*$/, '').replace(/\D/g, '')
}

function exponentOf(value: number): number {
  return Number(value.toExponential().split('e')[1])
}
