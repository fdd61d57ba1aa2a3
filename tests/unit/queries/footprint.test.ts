import {
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  nat,
  option,
  record,
  type Arbitrary,
} from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  calculateDiagonalImbalanceQuery,
  calculateFootprintQuery,
  calculateNakedPocQuery,
  calculateStackedImbalanceQuery,
  type Coverage,
  type Query,
} from '../../../src/queries/index.ts'
import { foldFootprint, type FoldedBar } from '../../support/footprint-fold.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import {
  binOf,
  binSizeOf,
  epoch,
  inUnits,
  randomTicks,
  times,
  unitsIn,
  volumeUnitOf,
  type RandomTick,
} from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

const minute = 60_000
const options = { timeframe: '1m', binSize: 1 } as const

/** Rows of `[price, bought, sold]`, one trade each, one millisecond apart, in the order given. */
function traded(at: number, rows: readonly (readonly [number, number, number])[]): RandomTick[] {
  return rows.flatMap(([price, bought, sold], index) => [
    ...(bought > 0
      ? [{ timestamp: epoch + at + 2 * index, price, volume: bought, side: 'BUY' as const }]
      : []),
    ...(sold > 0
      ? [{ timestamp: epoch + at + 2 * index + 1, price, volume: sold, side: 'SELL' as const }]
      : []),
  ])
}

describe('worked out on paper', () => {
  // Bought / sold: 104: 5/0, 103: 12/1, 102: 9/4, 101: 10/3, 100: 2/3. (100 is traded first.)
  const bar = traded(0, [
    [100, 2, 3],
    [101.5, 10, 3],
    [102, 9, 4],
    [103, 12, 1],
    [104, 5, 0],
  ])
  beforeEach(() => duck.insertTicks(bar))

  test('a footprint', async () => {
    // Running: +2 −1 +9 +6 +15 +11 +23 +22 +27. 101, 102 and 103 hold 13 each: 102 is the middle.
    const [row, ...rest] = await duck.query(calculateFootprintQuery(options))
    expect(rest).toEqual([])
    expect(row).toMatchObject({
      timestamp: epoch,
      poc: 102,
      delta: 27,
      maxDelta: 27,
      minDelta: -1,
      buyVolume: 38,
      sellVolume: 11,
      volume: 49,
      tradeCount: 9,
      knownAt: epoch + minute,
    })
    expect(row!.bins[1]).toEqual({
      price: 101,
      buyVolume: 10,
      sellVolume: 3,
      buyCount: 1,
      sellCount: 1,
      delta: 7,
      volume: 13,
    })
  })

  test('diagonal imbalances', async () => {
    // Buyers at p + 1 against sellers at p, three times: 10 > 9 at 101; 9 = 9 at 102 is not more;
    // 12 = 12 at 103 is not more; 5 > 3 at 104. Sellers against buyers above: never.
    const rows = await duck.query(calculateDiagonalImbalanceQuery(options))
    expect(rows).toEqual(
      [
        [101, 10, 3],
        [104, 5, 1],
      ].map(([price, dominant, opposite]) => ({
        timestamp: epoch,
        side: 'BUY',
        price,
        dominant,
        opposite,
        ratio: dominant! / opposite!,
        knownAt: epoch + minute,
        coveredFrom: epoch,
        truncated: false,
        complete: true,
      })),
    )
    const large = await duck.query(calculateDiagonalImbalanceQuery({ ...options, minVolume: 10 }))
    expect(large.map(({ price }) => price)).toEqual([101])
  })

  test('stacked imbalances: every run of neighbours', async () => {
    // With a ratio of 2.9 all of 101 … 104 are imbalanced.
    const stacked = { ...options, ratio: 2.9 }
    expect(await duck.query(calculateStackedImbalanceQuery(stacked))).toEqual([
      {
        timestamp: epoch,
        side: 'BUY',
        priceLow: 101,
        priceHigh: 105,
        count: 4,
        dominant: 36,
        knownAt: epoch + minute,
        coveredFrom: epoch,
        truncated: false,
        complete: true,
      },
    ])
    expect(await duck.query(calculateStackedImbalanceQuery({ ...stacked, minStack: 5 }))).toEqual(
      [],
    )
  })

  test('a missing bin counts 0, and 0 counts unless it is ignored', async () => {
    // 100: 0/6, 102: 1/0 in the next minute. Below 102 nothing was sold: an imbalance of buyers;
    // above 100 nothing was bought: one of sellers. Beyond the bar's range nothing is compared.
    await duck.insertTicks(traded(minute, [[100, 0, 6], [102, 1, 0]])) // prettier-ignore
    const of = async (ignoreZero: boolean) =>
      (
        await duck.query(
          calculateDiagonalImbalanceQuery({ ...options, ignoreZero, from: epoch + minute }),
        )
      ).map(({ side, price, ratio }) => [side, price, ratio])
    expect(await of(false)).toEqual([
      ['SELL', 100, null],
      ['BUY', 102, null],
    ])
    expect(await of(true)).toEqual([])
  })

  test("freqtrade's: counts, next existing bin, marked on the lower row", async () => {
    // Four buys at 102, one sell at 100, nothing between: 4 > 3 × 1, marked on 100.
    await duck.insertTicks([
      ...traded(minute, [[100, 0, 50]]),
      ...[1, 2, 3, 4].flatMap((at) => traded(minute + at, [[102, 1, 0]])),
    ])
    const rows = await duck.query(
      calculateDiagonalImbalanceQuery({
        ...options,
        definition: 'freqtrade',
        from: epoch + minute,
      }),
    )
    expect(
      rows.map(({ side, price, dominant, opposite }) => [side, price, dominant, opposite]),
    ).toEqual([['BUY', 100, 4, 1]])
  })

  test('a point of control is naked until a later bar trades through it', async () => {
    // Minute 0: 102. Minute 1 trades 103 … 105 (POC 105), minute 2 trades 101 … 104: it holds 102.
    await duck.insertTicks(traded(minute, [[103, 1, 0], [105, 5, 0]])) // prettier-ignore
    await duck.insertTicks(traded(2 * minute, [[101, 1, 0], [104, 5, 0]])) // prettier-ignore
    const at = async (asOf: number) =>
      (await duck.query(calculateNakedPocQuery({ ...options, includeFilled: true, asOf }))).map(
        ({ poc, filledAt }) => [poc, filledAt === null ? null : (filledAt - epoch) / minute],
      )
    expect(await at(epoch + 2 * minute)).toEqual([
      [102, null],
      [105, null],
    ])
    expect(await at(epoch + 3 * minute)).toEqual([
      [102, 3],
      [105, null],
      [104, null],
    ])
    const naked = await duck.query(calculateNakedPocQuery({ ...options, to: epoch + 2 * minute }))
    expect(naked).toMatchObject([{ coveredFrom: epoch, truncated: false }])
    expect(naked.map(({ poc, volume }) => [poc, volume])).toEqual([[105, 5]])
  })

  test('bars that retention has cut into are not looked at', async () => {
    await duck.insertTicks(traded(minute, [[100, 0, 6], [101, 1, 0]])) // prettier-ignore
    await duck.deleteTicksBefore(epoch + 1)
    const rows = await duck.query(calculateDiagonalImbalanceQuery(options))
    expect(rows.map(({ timestamp }) => timestamp)).toEqual([epoch + minute])
    for (const build of [
      (from: number) => calculateDiagonalImbalanceQuery({ ...options, from }),
      (from: number) => calculateStackedImbalanceQuery({ ...options, from, minStack: 1 }),
      (from: number) => calculateNakedPocQuery({ ...options, from }),
    ] as readonly ((from: number) => Query<Coverage>)[]) {
      const coverage = async (from: number) =>
        (await duck.query(build(from))).map(({ coveredFrom, truncated }) => [
          coveredFrom,
          truncated,
        ])
      expect(await coverage(epoch)).toEqual([[epoch + 1, true]])
      expect(await coverage(epoch + 1)).toEqual([[epoch + 1, false]])
    }
    const footprint = await duck.query(calculateFootprintQuery(options))
    expect(footprint.map(({ truncated }) => truncated)).toEqual([true, false])
  })
})

interface Imbalance {
  timestamp: number
  side: 'BUY' | 'SELL'
  bin: number
  position: number
  dominant: number
  opposite: number
}

interface Settings {
  definition: 'atas' | 'freqtrade'
  ratio: number
  /** In units of the market's volumes. */
  minVolume: number
  ignoreZero: boolean
}

const settings: Arbitrary<Settings> = record({
  definition: constantFrom('atas', 'freqtrade'),
  ratio: constantFrom(1, 3),
  minVolume: constantFrom(0, 3, 7),
  ignoreZero: boolean(),
})

function imbalances(bars: readonly FoldedBar[], choice: Settings): Imbalance[] {
  const found: Imbalance[] = []
  for (const { timestamp, cells, lowest, highest } of bars) {
    const pairs =
      choice.definition === 'atas'
        ? Array.from({ length: highest - lowest }, (_, index) => [
            lowest + index,
            lowest + index + 1,
          ])
        : cells.slice(1).map(({ bin }, index) => [cells[index]!.bin, bin])
    for (const [position, [low, high]] of pairs.entries()) {
      const below = cells.find(({ bin }) => bin === low)
      const above = cells.find(({ bin }) => bin === high)
      const atas = choice.definition === 'atas'
      const bought = (atas ? above?.buyVolume : above?.buyCount) ?? 0
      const sold = (atas ? below?.sellVolume : below?.sellCount) ?? 0
      const lowerVolume = (below?.buyVolume ?? 0) + (below?.sellVolume ?? 0)
      const sides = [
        { side: 'BUY', dominant: bought, opposite: sold, bin: atas ? high! : low! },
        { side: 'SELL', dominant: sold, opposite: bought, bin: low! },
      ] as const
      for (const each of sides) {
        if (!(each.dominant > choice.ratio * each.opposite)) continue
        if ((atas ? each.dominant : lowerVolume) < choice.minVolume) continue
        if (choice.ignoreZero && each.opposite === 0) continue
        found.push({ timestamp, ...each, position: atas ? each.bin : position })
      }
    }
  }
  return found.toSorted(
    (a, b) => a.timestamp - b.timestamp || a.bin - b.bin || (a.side < b.side ? -1 : 1),
  )
}

function stacks(found: readonly Imbalance[], minStack: number) {
  const runs: Imbalance[][] = []
  for (const side of ['BUY', 'SELL'] as const) {
    for (const each of found.filter((imbalance) => imbalance.side === side)) {
      const run = runs.at(-1)
      const last = run?.at(-1)
      if (
        last?.side === side &&
        last.timestamp === each.timestamp &&
        last.position + 1 === each.position
      )
        run!.push(each)
      else runs.push([each])
    }
  }
  return runs
    .filter((run) => run.length >= minStack)
    .map((run) => ({
      timestamp: run[0]!.timestamp,
      side: run[0]!.side,
      lowest: run[0]!.bin,
      count: run.length,
      dominant: run.reduce((sum, { dominant }) => sum + dominant, 0),
    }))
    .toSorted(
      (a, b) => a.timestamp - b.timestamp || a.lowest - b.lowest || (a.side < b.side ? -1 : 1),
    )
}

describe('against a fold', () => {
  test('random ticks, as of any time', async () => {
    await assert(
      asyncProperty(
        randomTicks({ decimal: true }),
        constantFrom('1m', '5m', '1h'),
        settings,
        option(nat(90 * minute)),
        async (ticks, timeframe, choice, until) => {
          await duck.clear()
          await duck.insertTicks(ticks)
          const asOf = until === null ? epoch + 240 * minute : epoch + until
          await expectTheFold(ticks, timeframe, binSizeOf(ticks), choice, asOf)
        },
      ),
      { numRuns: propertyRuns(10) },
    )
  })

  testOnRealTrades('real trades of %s', async (symbol) => {
    expect.hasAssertions()
    // Volumes as whole hundred-millionths, so that sums are exact in any order.
    const ticks = oracleTrades(symbol).map((trade) => ({
      ...trade,
      volume: Math.round(trade.volume * 1e8),
    }))
    await duck.insertTicks(ticks.toReversed())
    for (const definition of ['atas', 'freqtrade'] as const) {
      const choice = { definition, ratio: 3, minVolume: 0, ignoreZero: false }
      await expectTheFold(ticks, '1m', symbol === 'BTCUSDT' ? 5 : 0.5, choice, epoch + 240 * minute)
    }
  })
})

async function expectTheFold(
  ticks: readonly RandomTick[],
  timeframe: '1m' | '5m' | '1h',
  binSize: number,
  choice: Settings,
  asOf: number,
): Promise<void> {
  const named = (bin: number) => Number(`${bin * Math.round(binSize * 1e8)}e-8`)
  const bars = foldFootprint(inUnits(ticks), timeframe, (price) => binOf(price, binSize)).filter(
    ({ knownAt }) => knownAt <= asOf,
  )
  const grid = { timeframe, binSize, asOf }
  const unit = volumeUnitOf(ticks)
  const whole = (sum: number) => unitsIn(sum, unit)
  const side = (of: number) => (choice.definition === 'atas' ? whole(of) : of)
  const given = { ...choice, minVolume: times(choice.minVolume, unit) }

  const footprint = await duck.query(calculateFootprintQuery(grid))
  expect(footprint).toHaveLength(bars.length)
  expect(
    footprint.map((bar) => ({
      ...bar,
      delta: whole(bar.delta),
      maxDelta: whole(bar.maxDelta),
      minDelta: whole(bar.minDelta),
      bins: bar.bins.map((cell) => ({
        ...cell,
        buyVolume: whole(cell.buyVolume),
        sellVolume: whole(cell.sellVolume),
        delta: whole(cell.delta),
        volume: whole(cell.volume),
      })),
    })),
  ).toMatchObject(
    bars.map(({ timestamp, knownAt, delta, maxDelta, minDelta, pocBin, cells }) => ({
      timestamp,
      knownAt,
      delta,
      maxDelta,
      minDelta,
      poc: named(pocBin),
      bins: cells.map(({ bin, ...cell }) => ({
        price: named(bin),
        ...cell,
        delta: cell.buyVolume - cell.sellVolume,
        volume: cell.buyVolume + cell.sellVolume,
      })),
    })),
  )

  const found = imbalances(bars, choice)
  const diagonal = await duck.query(calculateDiagonalImbalanceQuery({ ...grid, ...given }))
  expect(
    diagonal.map(({ timestamp, side: taker, price, dominant, opposite }) => ({
      timestamp,
      side: taker,
      price,
      dominant: side(dominant),
      opposite: side(opposite),
    })),
  ).toEqual(
    found.map(({ timestamp, side, bin, dominant, opposite }) => ({
      timestamp,
      side,
      price: named(bin),
      dominant,
      opposite,
    })),
  )
  const stacked = await duck.query(
    calculateStackedImbalanceQuery({ ...grid, ...given, minStack: 2 }),
  )
  expect(
    stacked.map(({ timestamp, side: taker, priceLow, count, dominant }) => ({
      timestamp,
      side: taker,
      priceLow,
      count,
      dominant: side(dominant),
    })),
  ).toEqual(stacks(found, 2).map(({ lowest, ...rest }) => ({ ...rest, priceLow: named(lowest) })))

  const naked = await duck.query(calculateNakedPocQuery({ ...grid, includeFilled: true }))
  expect(naked.map(({ timestamp, poc, filledAt }) => ({ timestamp, poc, filledAt }))).toEqual(
    bars.map(({ timestamp, pocBin }) => ({
      timestamp,
      poc: named(pocBin),
      filledAt:
        bars.find(
          (later) =>
            later.timestamp > timestamp && later.lowest <= pocBin && pocBin <= later.highest,
        )?.knownAt ?? null,
    })),
  )
}
