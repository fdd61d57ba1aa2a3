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
 * of 1e-8 and volumes of 1e15, with and without ids. Volumes are small whole numbers times a power
 * of two, so that every sum is exact in any order and ties are common.
 */
export function randomTicks({ maxLength = 120, spanMs = 90 * 60_000 } = {}): Arbitrary<
  RandomTick[]
> {
  return record({
    grid: constantFrom(1, 5, 1_000_000, 100_000_000),
    base: integer({ min: 1, max: 100_000 }),
    spread: constantFrom(0, 3, 40, 5000),
    volumeUnit: constantFrom(1, 2 ** -20, 2 ** 48),
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
      volume: volume * volumeUnit,
      side: buy ? 'BUY' : 'SELL',
      ...(id % 7 !== 0 && { tradeId: `${id}${index}` }),
    })),
  )
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

/** The one order of ticks. */
export function byTickOrder(a: RandomTick, b: RandomTick): number {
  const idA = a.tradeId ?? ''
  const idB = b.tradeId ?? ''
  return (
    compare(a.timestamp, b.timestamp) ||
    compare(idA.length, idB.length) ||
    compare(idA, idB) ||
    compare(a.price, b.price) ||
    compare(a.volume, b.volume) ||
    compare(a.side, b.side)
  )
}

function compare(x: number | string, y: number | string): number {
  return x < y ? -1 : x > y ? 1 : 0
}
