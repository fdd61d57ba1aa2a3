import { array, assert, asyncProperty, bigInt, constantFrom, integer } from 'fast-check'
import { expect, test } from 'vitest'
import { bins, roundings, type Rounding } from '../../../src/queries/bins.ts'
import { query } from '../../../src/queries/query.ts'
import { openTestDuck } from '../../support/test-duck.ts'

const duck = await openTestDuck()

interface Bin {
  index: number
  label: number
  lowerEdge: number
  upperEdge: number
}

async function binsOf(prices: readonly number[], binSize: number, rounding: Rounding) {
  const bin = bins({ binSize, rounding })
  return duck.query(
    query<Bin>(
      'bins',
      `SELECT i AS "index", ${bin.label('i')} AS "label", ${bin.lowerEdge('i')} AS "lowerEdge",
        ${bin.upperEdge('i')} AS "upperEdge"
      FROM (SELECT n, ${bin.index('price')} AS i
        FROM (SELECT unnest(range(${prices.length})) AS n, unnest([${prices.map((price) => `${price.toExponential()}::DOUBLE`).join()}]) AS price))
      ORDER BY n`,
    ),
  )
}

test('0.1 + 0.2 is in the bin of 0.3, and that bin is named 0.3', async () => {
  // 0.1 + 0.2 = 0.30000000000000004 and 0.3 / 0.1 = 2.9999999999999996 in doubles.
  for (const rounding of roundings) {
    const rows = await binsOf([0.3, 0.1 + 0.2], 0.1, rounding)
    expect(rows.map(({ index, label }) => [index, label])).toEqual([
      [3, 0.3],
      [3, 0.3],
    ])
  }
})

test('each rounding has its own edges', async () => {
  // 944.475 in bins of 0.05 is 18889.5 sizes: floor 18889 = 944.45, half up and ceil 18890 = 944.50.
  expect(await binsOf([944.475], 0.05, 'floor')).toEqual([
    {
      index: 18889,
      label: 944.45,
      lowerEdge: 944.45,
      upperEdge: 944.5,
    },
  ])
  expect(await binsOf([944.475], 0.05, 'nearest')).toEqual([
    {
      index: 18890,
      label: 944.5,
      lowerEdge: 944.475,
      upperEdge: 944.525,
    },
  ])
  // As numpy: halves go to the even number.
  const halves = await binsOf([0.05, 0.15, 0.25, 0.35, 944.475], 0.1, 'halfEven')
  expect(halves.map(({ label }) => label)).toEqual([0, 0.2, 0.2, 0.4, 944.5])
  expect(await binsOf([944.475], 0.05, 'ceil')).toEqual([
    {
      index: 18890,
      label: 944.5,
      lowerEdge: 944.45,
      upperEdge: 944.5,
    },
  ])
})

test('every decimal price is in the bin that whole-number arithmetic gives', async () => {
  // The reference never divides: price and size are whole numbers of the same decimal grid.
  const decimals = integer({ min: 0, max: 12 })
  await assert(
    asyncProperty(
      decimals,
      array(bigInt({ min: 1n, max: 10n ** 13n }), { minLength: 1, maxLength: 200, size: 'max' }),
      bigInt({ min: 1n, max: 100_000n }),
      constantFrom(...roundings),
      async (places, ticks, size, rounding) => {
        const decimal = (units: bigint) => Number(`${units}e-${places}`)
        const rows = await binsOf(ticks.map(decimal), decimal(size), rounding)
        const expected = ticks.map((units) => {
          if (rounding === 'floor') return units / size
          const halfUp = (2n * units + size) / (2n * size)
          if (rounding === 'nearest') return halfUp
          const isTie = (2n * units + size) % (2n * size) === 0n
          if (rounding === 'halfEven') return isTie && halfUp % 2n === 1n ? halfUp - 1n : halfUp
          return (units + size - 1n) / size
        })
        expect(rows.map(({ index }) => index)).toEqual(expected.map(Number))
        expect(rows.map(({ label }) => label)).toEqual(
          expected.map((index) => decimal(index * size)),
        )
      },
    ),
    { numRuns: 100 },
  )
})
