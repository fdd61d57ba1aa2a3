import { array, boolean, constantFrom, integer, nat, record, type Arbitrary } from 'fast-check'

export interface RandomTick {
  timestamp: number
  price: number
  volume: number
  side: 'BUY' | 'SELL'
  tradeId?: string
}

/** Where random ticks begin: a whole hour, 40 minutes before a UTC midnight less one hour. */
export const epoch = Date.UTC(2024, 7, 8, 23)

/**
 * Markets at their worst: arriving in any order, many at one time, one price or thousands, prices
 * of 1e-8 and volumes of 1e15, with and without ids. Volumes are small whole numbers times a unit,
 * so that ties are common: a power of two, whose sums are exact in any order, or, where `decimal`,
 * a tenth or a thousandth too, whose sums round, each order of arrival in its own way.
 */
export function randomTicks({
  maxLength = 120,
  spanMs = 90 * 60_000,
  decimal = false,
} = {}): Arbitrary<RandomTick[]> {
  return record({
    grid: constantFrom(1, 5, 1_000_000, 100_000_000),
    base: integer({ min: 1, max: 100_000 }),
    spread: constantFrom(0, 3, 40, 5000),
    volumeUnit: constantFrom(...binaryUnits, ...(decimal ? decimalUnits : [])),
    timeUnit: constantFrom(0.001, 1, 997, 60_000),
    trades: array(
      record({
        at: nat(),
        offset: nat(),
        volume: integer({ min: 1, max: 12 }),
        buy: boolean(),
        id: nat(1500),
      }),
      { minLength: 1, maxLength, size: 'max' },
    ),
  }).map(({ grid, base, spread, volumeUnit, timeUnit, trades }) =>
    trades.map(({ at, offset, volume, buy, id }, index) => ({
      timestamp: epoch + ((at * timeUnit) % spanMs),
      // Hundred-millionths, as decimal text: the double nearest to a decimal price.
      price: Number(`${(base + (offset % (spread + 1))) * grid}e-8`),
      volume: times(volume, volumeUnit),
      side: buy ? 'BUY' : 'SELL',
      ...(id % 7 !== 0 && { tradeId: `${id}${index}` }),
    })),
  )
}

const binaryUnits = [1, 2 ** -20, 2 ** 48]
const decimalUnits = [0.1, 0.001]

/** Whole units as a volume: of a decimal unit the double nearest to the decimal. */
export function times(units: number, unit: number): number {
  return unit < 1 && decimalUnits.includes(unit) ? units / Math.round(1 / unit) : units * unit
}

/** The unit of a market's volumes; of real ones, which have eight decimals, the last of those. */
export function volumeUnitOf(ticks: readonly RandomTick[]): number {
  const whole = (unit: number): boolean =>
    ticks.every(({ volume }) => times(Math.round(volume / unit), unit) === volume)
  return [2 ** 48, 1, 0.1, 0.001, 2 ** -20].find(whole) ?? 1e-8
}

/** The same ticks with volumes in whole units: their sums are exact in whatever order. */
export function inUnits(ticks: readonly RandomTick[]): RandomTick[] {
  const unit = volumeUnitOf(ticks)
  return ticks.map((tick) => ({ ...tick, volume: Math.round(tick.volume / unit) }))
}

/** A sum of volumes in whole units; one that is none, rounding aside, is an error. */
export function unitsIn(sum: number, unit: number): number {
  const units = Math.round(sum / unit)
  if (!(Math.abs(sum / unit - units) <= 1e-9 * Math.max(1, Math.abs(units))))
    throw new RangeError(`${sum} is no whole number of units of ${unit}`)
  // Not −0, which a sum of buys and sells may round to.
  return units + 0
}

/** The bin size that goes with a market's prices: a few decimal ticks wide. */
export function binSizeOf(ticks: readonly RandomTick[]): number {
  const prices = ticks.map(({ price }) => Math.round(price * 1e8))
  const width = Math.max(...prices) - Math.min(...prices)
  return Number(`${Math.max(1, Math.ceil(width / 37))}e-8`)
}

/** A price's bin number under `floor`, by whole numbers alone. */
export function binOf(price: number, binSize: number): number {
  return Number(BigInt(Math.round(price * 1e8)) / BigInt(Math.round(binSize * 1e8)))
}
