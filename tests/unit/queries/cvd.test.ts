import { assert, asyncProperty, nat } from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { calculateCvdQuery, calculateOrderFlowImbalanceQuery } from '../../../src/queries/index.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { epoch, randomTicks, type RandomTick } from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

function trades(bought: readonly number[], sold: readonly number[]): RandomTick[] {
  return [
    ...bought.map((volume) => ({ volume, side: 'BUY' as const })),
    ...sold.map((volume) => ({ volume, side: 'SELL' as const })),
  ].map((trade, index) => ({ ...trade, timestamp: epoch + index, price: 100 }))
}

describe('10, 15, 20 bought and 5, 3 sold', () => {
  beforeEach(() => duck.insertTicks(trades([10, 15, 20], [5, 3])))

  test('CVD is 45 − 8 = 37', async () => {
    expect(await duck.query(calculateCvdQuery())).toEqual([
      {
        cvd: 37,
        buyVolume: 45,
        sellVolume: 8,
        tradeCount: 5,
        coveredFrom: epoch,
        truncated: false,
        complete: true,
      },
    ])
  })

  test('the imbalance is 45 ÷ 8 = 5.625, and (45 − 8) ÷ 53', async () => {
    expect(await duck.query(calculateOrderFlowImbalanceQuery())).toEqual([
      {
        imbalanceRatio: 5.625,
        tradeImbalance: 37 / 53,
        delta: 37,
        buyVolume: 45,
        sellVolume: 8,
        buyCount: 3,
        sellCount: 2,
        coveredFrom: epoch,
        truncated: false,
        complete: true,
      },
    ])
  })

  test('a size filter takes both bounds in', async () => {
    // 15 and 10 bought, 5 sold are from 5 to 15.
    const [row] = await duck.query(calculateCvdQuery({ minSize: 5, maxSize: 15 }))
    expect(row).toMatchObject({ cvd: 20, tradeCount: 3 })
  })

  test('a window that begins before the data says so', async () => {
    const [row] = await duck.query(calculateCvdQuery({ from: epoch - 1 }))
    expect(row).toMatchObject({ cvd: 37, coveredFrom: epoch, truncated: true })
  })
})

test('a row without a trade, of an empty file and of an empty window, has noughts', async () => {
  const row = {
    imbalanceRatio: null,
    tradeImbalance: null,
    delta: 0,
    buyVolume: 0,
    sellVolume: 0,
    buyCount: 0,
    sellCount: 0,
  }
  expect(await duck.query(calculateOrderFlowImbalanceQuery())).toEqual([
    { ...row, coveredFrom: null, truncated: false, complete: true },
  ])
  await duck.insertTicks(trades([2], [3]))
  expect(await duck.query(calculateOrderFlowImbalanceQuery({ from: epoch + 10 }))).toEqual([
    { ...row, coveredFrom: epoch, truncated: false, complete: true },
  ])
})

test('nothing sold has no ratio, nothing traded neither', async () => {
  const imbalance = async () => (await duck.query(calculateOrderFlowImbalanceQuery()))[0]
  expect(await imbalance()).toMatchObject({ imbalanceRatio: null, tradeImbalance: null, delta: 0 })
  await duck.insertTicks(trades([2], []))
  expect(await imbalance()).toMatchObject({ imbalanceRatio: null, tradeImbalance: 1, delta: 2 })
})

function fold(ticks: readonly RandomTick[], from: number, to: number) {
  let buyVolume = 0
  let sellVolume = 0
  let tradeCount = 0
  for (const { timestamp, volume, side } of ticks) {
    if (timestamp < from || timestamp >= to) continue
    tradeCount += 1
    if (side === 'BUY') buyVolume += volume
    else sellVolume += volume
  }
  return { cvd: buyVolume - sellVolume, buyVolume, sellVolume, tradeCount }
}

test('equals a plain fold over any window of random ticks', async () => {
  await assert(
    asyncProperty(randomTicks(), nat(90 * 60_000), nat(90 * 60_000), async (ticks, a, b) => {
      await duck.clear()
      await duck.insertTicks(ticks)
      const window = { from: epoch + Math.min(a, b), to: epoch + Math.max(a, b) }
      const expected = fold(ticks, window.from, window.to)
      const [cvd] = await duck.query(calculateCvdQuery({ window }))
      expect(cvd).toMatchObject(expected)
      const [imbalance] = await duck.query(calculateOrderFlowImbalanceQuery(window))
      const { buyVolume, sellVolume } = expected
      expect(imbalance).toMatchObject({
        imbalanceRatio: sellVolume === 0 ? null : buyVolume / sellVolume,
        delta: expected.cvd,
      })
    }),
    { numRuns: propertyRuns(10) },
  )
})

testOnRealTrades('equals a plain fold over the real trades of %s', async (symbol) => {
  const ticks = oracleTrades(symbol)
  await duck.insertTicks(ticks.toReversed())
  const expected = fold(ticks, 0, Infinity)
  const [row] = await duck.query(calculateCvdQuery())
  expect(row!.tradeCount).toBe(ticks.length)
  expect(row!.buyVolume / expected.buyVolume).toBeCloseTo(1, 12)
  expect(row!.sellVolume / expected.sellVolume).toBeCloseTo(1, 12)
  expect(row!.cvd).toBeCloseTo(expected.cvd, 9)
})
