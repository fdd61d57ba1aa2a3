import { describe, expect, test } from 'vitest'
import {
  calculateDiagonalImbalanceQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  calculateNakedPocQuery,
  calculateVolumeNodesQuery,
  detectFvgQuery,
  detectUnfinishedAuctionsQuery,
} from '../../../src/queries/index.ts'
import { query } from '../../../src/queries/query.ts'
import { comparable } from '../../../src/queries/rounding.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import { keptRows, PlainWriter, refresh } from '../../support/refreshing.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { epoch } from '../../support/ticks.ts'

const duck = await openTestDuck()

const minute = 60_000

async function ranked(sum: string): Promise<number> {
  const sql = `SELECT ${comparable(`${sum}::DOUBLE`)} AS n`
  return (await duck.query(query<{ n: number }>('ranked', sql)))[0]!.n
}

function bought(price: number, ...volumes: readonly number[]): Tick[] {
  return volumes.map((volume) => ({ timestamp: epoch, price, volume, side: 'BUY' }))
}

function sold(price: number, ...volumes: readonly number[]): Tick[] {
  return bought(price, ...volumes).map((tick) => ({ ...tick, side: 'SELL' }))
}

function sumOf(volumes: readonly number[]): number {
  return volumes.reduce((sum, volume) => sum + volume)
}

/** Every order in which things can come. */
function orders<T>(things: readonly T[]): T[][] {
  if (things.length === 0) return [[]]
  return things.flatMap((thing, at) =>
    orders(things.toSpliced(at, 1)).map((others) => [thing, ...others]),
  )
}

describe('what is equal in decimals is a tie, in whatever order it came', () => {
  // One order for each sum that there is.
  const each = [...new Map(orders([0.1, 0.2, 0.3]).map((order) => [sumOf(order), order])).values()]
  const arrivals = each.flatMap((lower) => each.map((upper) => [lower, upper] as const))

  test('the sums do differ, so this is no empty word', () => {
    expect(each).toHaveLength(2)
  })

  test('the point of control, by all who tell it', async () => {
    // 0.6 at 100 and 0.6 at 101: the lower one, by rule.
    for (const [lower, upper] of arrivals) {
      await duck.clear()
      await new PlainWriter(duck).insert([...bought(100, ...lower), ...bought(101, ...upper)])
      const grid = { timeframe: '1m', binSize: 1 } as const
      const [profile] = await duck.query(calculateMarketProfileQuery({ binSize: 1 }))
      const [footprint] = await duck.query(calculateFootprintQuery(grid))
      const [naked] = await duck.query(calculateNakedPocQuery(grid))
      await refresh(duck, epoch + minute, ['1m'], { binSize: 1 })
      const [stored] = (await keptRows(duck)).market_profile
      // To the last bit the volume of that bin, not of the one that it ties with.
      const { volume } = profile!.bins[0]!
      expect([profile!.pocVolume, naked!.volume]).toEqual([volume, volume])
      expect([profile!.poc, footprint!.poc, naked!.poc, stored!['poc']]).toEqual([
        100, 100, 100, 100,
      ])
    }
  })

  test('the growth of the value area', async () => {
    // 1 at 101, 0.6 on either side: the upper side first, which is 1.6 of 2.2, above 70 %.
    for (const [lower, upper] of arrivals) {
      await duck.clear()
      await duck.insertTicks([
        ...bought(100, ...lower),
        ...bought(101, 1),
        ...bought(102, ...upper),
      ])
      for (const valueArea of ['single', 'pair'] as const) {
        const [row] = await duck.query(calculateMarketProfileQuery({ binSize: 1, valueArea }))
        expect(row).toMatchObject({ valueAreaLowBin: 101, valueAreaHighBin: 102 })
      }
    }
  })

  test('volume nodes', async () => {
    // 0.6 beside 0.6 is neither above nor below it; 100 and 103 are the ends.
    for (const [lower, upper] of arrivals) {
      await duck.clear()
      await duck.insertTicks([
        ...bought(100, 0.5),
        ...bought(101, ...lower),
        ...bought(102, ...upper),
        ...bought(103, 0.5),
      ])
      for (const neighbours of [1, 2])
        expect(await duck.query(calculateVolumeNodesQuery({ binSize: 1, neighbours }))).toEqual([])
    }
  })

  test('at any size, and what is not equal is none', async () => {
    expect(await ranked('0.6000000000000001')).toBe(0.6)
    expect(await ranked('600000000000000.1')).toBe(600_000_000_000_000)
    expect(await ranked('99999.00000001')).toBe(99_999.000_000_01)
    for (const value of [0, 1e-8, 5e-324, 1e-300, 1e308, Number.POSITIVE_INFINITY])
      expect(await ranked(`'${value}'`)).toBe(value)
  })
})

describe('exactly so much is not more, and is at least so much', () => {
  test('a diagonal imbalance', async () => {
    // 0.9 bought above 0.3 sold is three times, not more; 0.7 + 0.1 is 0.8, at least 0.8.
    const options = { timeframe: '1m', binSize: 1 } as const
    await duck.insertTicks([...sold(100, 0.3), ...bought(101, 0.9)])
    expect(await duck.query(calculateDiagonalImbalanceQuery(options))).toEqual([])
    await duck.insertTicks([...sold(110, 0.2), ...bought(111, 0.7, 0.1)])
    const found = await duck.query(calculateDiagonalImbalanceQuery({ ...options, minVolume: 0.8 }))
    expect(found.map(({ price }) => price)).toEqual([111])
  })

  test('the least fair value gap, in price and in per cent, and its middle', async () => {
    // High 100.2, later low 100.3: 0.1. High 1.1, later low 1.166: 6 %.
    const gaps = async (highs: readonly (readonly [number, number])[], options: object) => {
      await duck.clear()
      await duck.insertCandles(
        '1m',
        highs.map(([low, high], at) => ({
          timestamp: epoch + at * minute,
          open: low,
          close: high,
          low,
          high,
          volume: 1,
        })),
      )
      return duck.query(detectFvgQuery({ timeframe: '1m', ...options }))
    }
    const [up, down] = [
      [[100, 100.2], [100.1, 100.4], [100.3, 100.5]],
      [[100.3, 100.5], [100.1, 100.4], [100, 100.2]],
    ] as const // prettier-ignore
    for (const bars of [up, down]) {
      expect(await gaps(bars, { minGap: 0.1 })).toHaveLength(1)
      expect(await gaps(bars, { minGap: 0.100_001 })).toEqual([])
    }
    const inPercent = { minGapUnit: 'percent' } as const
    const dear = [[1, 1.1], [1.1, 1.2], [1.166, 1.2]] as const // prettier-ignore
    expect(await gaps(dear, { ...inPercent, minGap: 6 })).toHaveLength(1)
    expect(await gaps(dear, { ...inPercent, minGap: 6.000_01 })).toEqual([])

    // Between 0.1 and 0.7 the middle is 0.4, as doubles a little less; between 0.1 and 1.1 it is
    // 0.6, as doubles a little more.
    const middleOf = async (bars: readonly (readonly [number, number])[]) =>
      (await gaps(bars, { fill: 'half' })).map(({ midAt }) => midAt)
    const falling = [[0.05, 0.1], [0.1, 0.7], [0.7, 0.8], [0.4, 0.8]] as const // prettier-ignore
    const rising = [[1.1, 1.2], [0.1, 1.1], [0.05, 0.1], [0.05, 0.6]] as const // prettier-ignore
    expect(await middleOf(falling)).toEqual([epoch + 4 * minute])
    expect(await middleOf(rising)).toEqual([epoch + 4 * minute])
  })

  test('an unfinished auction', async () => {
    // 0.1 + 0.2 sold at the high is 0.3, not more.
    await duck.insertTicks([...bought(101, 1), ...sold(101, 0.1, 0.2), ...sold(100, 1)])
    const auctions = (filter: number) =>
      duck.query(detectUnfinishedAuctionsQuery({ timeframe: '1m', binSize: 1, filter }))
    expect(await auctions(0.3)).toEqual([])
    expect(await auctions(0.299)).toHaveLength(1)
  })
})
