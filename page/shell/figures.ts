const second = 1000
const units = [
  ['d', 86_400 * second],
  ['h', 3600 * second],
  ['min', 60 * second],
  ['s', second],
] as const

/** How many digits behind the point prices need: as many as the finest of them has, up to 12. */
export function decimalsOf(prices: readonly number[]): number {
  return prices.reduce((most, price) => Math.max(most, fraction(price)), 0)
}

function fraction(price: number): number {
  // Twelve digits in all: sums and edges of bins carry rounding behind them.
  const text = Number(price.toPrecision(12)).toString()
  if (text.includes('e-')) return Math.min(12, Number(text.split('e-')[1]) + 1)
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0
}

export function priceText(price: number, decimals: number): string {
  return price.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}

/** A volume in four or so digits: `12.35`, `1.2 k`. */
export function volumeText(volume: number): string {
  const size = Math.abs(volume)
  if (size >= 1e9) return `${trimmed(volume / 1e9)} G`
  if (size >= 1e6) return `${trimmed(volume / 1e6)} M`
  if (size >= 10_000) return `${trimmed(volume / 1e3)} k`
  return trimmed(volume)
}

function trimmed(value: number): string {
  const size = Math.abs(value)
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4
  return Number(value.toFixed(digits)).toString()
}

export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

export function bytesText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GB`
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MB`
  return `${Math.round(bytes / 1024)} KB`
}

/** `2 h`, `15 min`; the largest unit that is whole, or rounded down to the largest that fits. */
export function durationText(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms >= each) ?? (['s', second] as const)
  return `${Number((ms / size).toFixed(ms % size === 0 ? 0 : 1))} ${unit}`
}

/** `2024-08-08 23:54:07`, in UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

export function rateText(perSecond: number): string {
  if (perSecond === 0) return '0/s'
  return perSecond >= 10 ? `${Math.round(perSecond)}/s` : `${perSecond.toFixed(1)}/s`
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not smaller. */
export function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast))
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= atLeast * (1 - 1e-9)) ?? 10
  return Number((step * power).toPrecision(3))
}
