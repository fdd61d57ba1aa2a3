import { assert, asyncProperty, boolean, constantFrom, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Coverage } from '../../../src/queries/coverage.ts'
import {
  detectUnfinishedAuctionsQuery,
  type DetectUnfinishedAuctionsOptions,
  type UnfinishedAuction,
} from '../../../src/queries/unfinished-auction.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import { oracleIsHere, oracleTrades } from '../../support/oracle.ts'
import { arrival, marketAndTime, marketOpenMs } from '../../support/random-market.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { withoutCoverage } from '../../support/without-coverage.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const minute = 60_000
const duck = await openTestDuck()

function trade(atMinute: number, price: number, volume: number, side: 'BUY' | 'SELL'): Tick {
  return { timestamp: marketOpenMs + atMinute * minute, price, volume, side }
}

function closeOf(atMinute: number): number {
  return marketOpenMs + (atMinute + 1) * minute
}

async function at(
  asOf: number,
  options: Partial<DetectUnfinishedAuctionsOptions> = {},
): Promise<UnfinishedAuction[]> {
  return duck.query(
    detectUnfinishedAuctionsQuery({ timeframe: '1m', binSize: 0.5, asOf, ...options }),
  )
}

describe('worked out on paper', () => {
  // Bins of 0.5. Minute 0, highest bin 102.0 (prices 102 and 102.25): 30 bought, 12 + 9 = 21 sold,
  // above 20: unfinished. Lowest bin 100: 25 sold, but nobody bought: finished.
  // Minute 1 stays at 101: one bin, highest and lowest, 5 bought and 5 sold: both below 20.
  // Minute 2 trades at 102.49, in the bin of 102: the level is closed.
  const ticks = [
    trade(0, 102, 30, 'BUY'),
    trade(0, 102, 12, 'SELL'),
    trade(0.5, 102.25, 9, 'SELL'),
    trade(0.6, 100, 25, 'SELL'),
    trade(1, 101, 5, 'BUY'),
    trade(1.5, 101, 5, 'SELL'),
    trade(2, 102.49, 1, 'BUY'),
  ]

  test('an unfinished high, open until a later bar trades in its bin', async () => {
    await duck.insertTicks(ticks)
    expect(await at(closeOf(0) - 1)).toEqual([])
    expect(await at(closeOf(1))).toEqual([
      {
        timestamp: marketOpenMs,
        type: 'high',
        price: 102,
        priceLow: 102,
        priceHigh: 102.5,
        buyVolume: 30,
        sellVolume: 21,
        knownAt: closeOf(0),
        closedAt: null,
        coveredFrom: marketOpenMs,
        truncated: false,
        complete: true,
      },
    ])
    expect(await at(closeOf(2))).toMatchObject([{ type: 'high', closedAt: closeOf(2) }])
    expect(await at(closeOf(2), { includeClosed: false })).toEqual([])
    expect(await at(closeOf(2), { filter: 21 })).toEqual([])
    // Of the takers of the move, 30 were bought at the high.
    expect(await at(closeOf(2), { definition: 'atas', filter: 29 })).toHaveLength(1)
    expect(await at(closeOf(2), { definition: 'atas', filter: 30 })).toEqual([])
    // In bins of 5 the low is unfinished too: 100 to 105 holds all, 30 bought and 46 sold.
    expect(await at(closeOf(0), { binSize: 5 })).toMatchObject([
      { type: 'high', price: 100, sellVolume: 46 },
      { type: 'low', price: 100, buyVolume: 30 },
    ])
  })

  test('an unfinished low', async () => {
    await duck.insertTicks([
      trade(0, 100, 21, 'BUY'),
      trade(0, 100, 1, 'SELL'),
      trade(0.5, 101, 1, 'BUY'),
      trade(1, 100.5, 1, 'SELL'),
      trade(2, 99, 1, 'SELL'),
    ])
    expect(await at(closeOf(1))).toMatchObject([{ type: 'low', price: 100, closedAt: null }])
    // Below the level: a price that jumps over it reaches it too.
    expect(await at(closeOf(2))).toMatchObject([{ type: 'low', closedAt: closeOf(2) }])
  })
})

test('refuses what it does not know', () => {
  expect(() => detectUnfinishedAuctionsQuery({ timeframe: '1m' } as never)).toThrow('`binSize`')
})

describe.runIf(oracleIsHere)('real trades', () => {
  test.each([
    ['BTCUSDT', 2, 0.01],
    ['ETHUSDT', 0.5, 0.1],
  ] as const)('%s in one-second bars', async (symbol, binSize, filter) => {
    const trades = oracleTrades(symbol)
    await duck.insertTicks(arrival(trades, [0, 0, 5, 0, 300]))
    const options = { timeframe: '1s', binSize, filter } as const
    const rows = await duck.query(detectUnfinishedAuctionsQuery(options))
    const expected = referenceAuctions(trades, options, (price) => Math.floor(price / binSize))
    expect(expected.length).toBeGreaterThan(20)
    expectAuctions(rows, expected)
  })
})

test('equals a fold over random ticks; as of T equals everything from T on deleted', async () => {
  const options = record({
    definition: constantFrom('opposing', 'atas'),
    binSize: constantFrom(1, 3),
    filter: constantFrom(0, 20, 60),
    includeClosed: boolean(),
  })
  await assert(
    asyncProperty(marketAndTime, options, async ({ ticks, arrived, asOf }, given) => {
      await duck.clear()
      await duck.insertTicks(arrived)
      const auctions = detectUnfinishedAuctionsQuery({ timeframe: '1s', asOf, ...given })
      const before = await duck.query(auctions)
      await duck.deleteTicksFrom(asOf)
      expect(await duck.query(auctions)).toEqual(before)
      const { binSize } = given
      expectAuctions(
        before,
        referenceAuctions(ticks, { timeframe: '1s', asOf, ...given }, (price) =>
          Math.floor(price / binSize),
        ),
      )
    }),
    { numRuns: propertyRuns(5) },
  )
})

type BareAuction = Omit<UnfinishedAuction, keyof Coverage>

function expectAuctions(
  rows: readonly UnfinishedAuction[],
  expected: readonly BareAuction[],
): void {
  expect(withoutCoverage(rows)).toEqual(
    expected.map(({ buyVolume, sellVolume, price, priceLow, priceHigh, ...row }) => ({
      ...row,
      price: expect.closeTo(price, 8) as number,
      priceLow: expect.closeTo(priceLow, 8) as number,
      priceHigh: expect.closeTo(priceHigh, 8) as number,
      buyVolume: expect.closeTo(buyVolume, 8) as number,
      sellVolume: expect.closeTo(sellVolume, 8) as number,
    })),
  )
}

/** The definition as loops over bars of one second and their ticks. */
function referenceAuctions(
  ticks: readonly Tick[],
  {
    binSize,
    filter = 20,
    definition,
    includeClosed,
    asOf = Infinity,
  }: DetectUnfinishedAuctionsOptions,
  binOf: (price: number) => number,
): BareAuction[] {
  const bars = [...new Set(ticks.map(({ timestamp }) => Math.floor(timestamp / 1000) * 1000))]
    .sort((a, b) => a - b)
    .filter((start) => start + 1000 <= asOf)
    .map((start) => ({
      start,
      ticks: ticks
        .filter(({ timestamp }) => timestamp >= start && timestamp < start + 1000)
        .map((tick) => ({ ...tick, bin: binOf(tick.price) })),
    }))
  return bars
    .flatMap((bar, at) =>
      (['high', 'low'] as const).flatMap((type): BareAuction[] => {
        const towards = type === 'high' ? 1 : -1
        const bin = towards * Math.max(...bar.ticks.map((tick) => towards * tick.bin))
        const [buyVolume, sellVolume] = (['BUY', 'SELL'] as const).map((side) =>
          bar.ticks
            .filter((tick) => tick.bin === bin && tick.side === side)
            .reduce((total, { volume }) => total + volume, 0),
        )
        const filtered = (type === 'high') === (definition === 'atas') ? buyVolume! : sellVolume!
        if (buyVolume === 0 || sellVolume === 0 || filtered <= filter) return []
        const closing = bars
          .slice(at + 1)
          .find((later) => later.ticks.some((tick) => towards * tick.bin >= towards * bin))
        return [
          {
            timestamp: bar.start,
            type,
            price: bin * binSize,
            priceLow: bin * binSize,
            priceHigh: (bin + 1) * binSize,
            buyVolume: buyVolume!,
            sellVolume: sellVolume!,
            knownAt: bar.start + 1000,
            closedAt: closing === undefined ? null : closing.start + 1000,
          },
        ]
      }),
    )
    .filter(({ closedAt }) => includeClosed !== false || closedAt === null)
}
