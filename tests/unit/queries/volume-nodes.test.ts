import { assert, asyncProperty, constantFrom } from 'fast-check'
import { expect, test } from 'vitest'
import { calculateVolumeNodesQuery } from '../../../src/queries/index.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import {
  binOf,
  binSizeOf,
  epoch,
  inUnits,
  randomTicks,
  unitsIn,
  volumeUnitOf,
  type RandomTick,
} from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

test('worked out on paper', async () => {
  // 100: 9, 101: 4, 102: 7, 103: none, 104: 7, 105: 5, 106: 5, 107: 8.
  const volumes = { 100: 9, 101: 4, 102: 7, 104: 7, 105: 5, 106: 5, 107: 8 }
  await duck.insertTicks(
    Object.entries(volumes).map(([price, volume]) => ({
      timestamp: epoch,
      price: Number(price),
      volume,
      side: 'BUY',
    })),
  )
  const nodes = async (options: object) =>
    (await duck.query(calculateVolumeNodesQuery({ binSize: 1, ...options }))).map(
      ({ type, price, volume }) => [type, price, volume],
    )
  // 101 lies below 100 and 102; 102 above 101 and the empty 103; 103 below both; 104 above both.
  // 105 and 106 are equal, 100 and 107 are the ends.
  expect(await nodes({})).toEqual([
    ['low', 101, 4],
    ['high', 102, 7],
    ['low', 103, 0],
    ['high', 104, 7],
  ])
  // Without 103 the two 7s are equal neighbours.
  expect(await nodes({ emptyBins: 'skip' })).toEqual([['low', 101, 4]])
  // Against two on each side 102 meets 104 and 100; 103 stays: 4, 7 and 7, 5 are more.
  expect(await nodes({ neighbours: 2 })).toEqual([['low', 103, 0]])
})

function fold(
  ticks: readonly RandomTick[],
  binSize: number,
  neighbours: number,
  emptyBins: string,
) {
  const volumes = new Map<number, number>()
  for (const { price, volume } of ticks) {
    const bin = binOf(price, binSize)
    volumes.set(bin, (volumes.get(bin) ?? 0) + volume)
  }
  const traded = [...volumes.keys()].toSorted((a, b) => a - b)
  const slots =
    emptyBins === 'skip'
      ? traded
      : Array.from({ length: traded.at(-1)! - traded[0]! + 1 }, (_, at) => traded[0]! + at)
  return slots.flatMap((bin, at) => {
    if (at === 0 || at === slots.length - 1) return []
    const volume = volumes.get(bin) ?? 0
    const around = slots
      .slice(Math.max(0, at - neighbours), at + neighbours + 1)
      .filter((other) => other !== bin)
      .map((other) => volumes.get(other) ?? 0)
    const price = Number(`${bin * Math.round(binSize * 1e8)}e-8`)
    if (around.every((other) => volume > other)) return [{ type: 'high', price, volume }]
    if (around.every((other) => volume < other)) return [{ type: 'low', price, volume }]
    return []
  })
}

test('equals a plain look at every bin, on random ticks', async () => {
  await assert(
    asyncProperty(
      randomTicks({ decimal: true }),
      constantFrom(1, 2, 5),
      constantFrom('count', 'skip'),
      async (ticks, neighbours, emptyBins) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const binSize = binSizeOf(ticks)
        const rows = await duck.query(calculateVolumeNodesQuery({ binSize, neighbours, emptyBins }))
        const unit = volumeUnitOf(ticks)
        expect(
          rows.map(({ type, price, volume }) => ({ type, price, volume: unitsIn(volume, unit) })),
        ).toEqual(fold(inUnits(ticks), binSize, neighbours, emptyBins))
      },
    ),
    { numRuns: propertyRuns(8) },
  )
})

testOnRealTrades('equals a plain look at every bin, on the real trades of %s', async (symbol) => {
  const ticks = oracleTrades(symbol).map((trade) => ({
    ...trade,
    volume: Math.round(trade.volume * 1e8),
  }))
  await duck.insertTicks(ticks)
  for (const emptyBins of ['count', 'skip'] as const) {
    const rows = await duck.query(
      calculateVolumeNodesQuery({ binSize: 0.5, neighbours: 2, emptyBins }),
    )
    expect(rows.map(({ type, price, volume }) => ({ type, price, volume }))).toEqual(
      fold(ticks, 0.5, 2, emptyBins),
    )
  }
})
