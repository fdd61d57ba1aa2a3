import { assert, asyncProperty, boolean, constantFrom, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Coverage } from '../../../src/queries/coverage.ts'
import {
  detectFvgQuery,
  type DetectFvgOptions,
  type DetectedFvg,
} from '../../../src/queries/detect-fvg.ts'
import type { Candle } from '../../../src/schema/rows.ts'
import { foldCandles } from '../../support/candle-fold.ts'
import { oracleCsv, oracleIsHere, oracleTrades } from '../../support/oracle.ts'
import { arrival, marketAndTime, marketOpenMs, randomBars } from '../../support/random-market.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { withoutCoverage } from '../../support/without-coverage.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const minute = 60_000
const duck = await openTestDuck()

/** When a bar of the paper example closes. */
function closeOf(bar: number): number {
  return marketOpenMs + (bar + 1) * minute
}

async function at(asOf: number, options: Partial<DetectFvgOptions> = {}): Promise<DetectedFvg[]> {
  return duck.query(detectFvgQuery({ timeframe: '1m', asOf, ...options }))
}

describe('worked out on paper', () => {
  // bar  open high low close
  //  0    10   12   9   11
  //  1    12   16  12   15      middle bar, rising
  //  2    15   18  14   17      high[0] = 12 < low[2] = 14: bullish gap 12–14, known at the end of 2
  //  3    17   17  15   16      low 15 > 14: outside
  //  4    16   16  14   15      low 14: touches the near edge, depth 0
  //  5    15   15  13.5 14      depth 0.5 of 2 = 0.25
  //  6    14   14  13   13      reaches the middle, 13: 0.5
  //  7    13   15  13   14      no deeper: stays 0.5
  //  8    14   14  11   12      through the far edge: full, 1
  const bars: Candle[] = [
    [10, 12, 9, 11],
    [12, 16, 12, 15],
    [15, 18, 14, 17],
    [17, 17, 15, 16],
    [16, 16, 14, 15],
    [15, 15, 13.5, 14],
    [14, 14, 13, 13],
    [13, 15, 13, 14],
    [14, 14, 11, 12],
  ].map(([open, high, low, close], at) => ({
    timestamp: marketOpenMs + at * minute,
    open: open!,
    high: high!,
    low: low!,
    close: close!,
    volume: 1,
  }))

  test('one bullish gap, followed bar by bar', async () => {
    await duck.insertCandles('1m', bars)
    expect(await at(closeOf(2) - 0.001)).toEqual([])
    const seen = await Promise.all(
      [2, 3, 4, 5, 6, 7, 8].map(async (bar) => {
        const [gap, ...others] = await at(closeOf(bar))
        expect(others).toEqual([])
        return [gap!.filledPct, gap!.touchedAt, gap!.midAt, gap!.filledAt]
      }),
    )
    expect(seen).toEqual([
      [0, null, null, null],
      [0, null, null, null],
      [0, closeOf(4), null, null],
      [0.25, closeOf(4), null, null],
      [0.5, closeOf(4), closeOf(6), null],
      [0.5, closeOf(4), closeOf(6), null],
      [1, closeOf(4), closeOf(6), closeOf(8)],
    ])
    expect(await at(closeOf(8))).toEqual([
      {
        timestamp: marketOpenMs + minute,
        timeframe: '1m',
        type: 'bullish',
        priceLow: 12,
        priceHigh: 14,
        knownAt: closeOf(2),
        filledPct: 1,
        touchedAt: closeOf(4),
        midAt: closeOf(6),
        filledAt: closeOf(8),
        coveredFrom: marketOpenMs,
        truncated: false,
        complete: true,
        source: 'candles_1m',
      },
    ])
  })

  test('the same upside down is a bearish gap', async () => {
    await duck.insertCandles(
      '1m',
      bars.map((bar) => ({
        ...bar,
        open: 100 - bar.open,
        close: 100 - bar.close,
        high: 100 - bar.low,
        low: 100 - bar.high,
      })),
    )
    expect(await at(closeOf(7))).toMatchObject([
      {
        type: 'bearish',
        priceLow: 86,
        priceHigh: 88,
        filledPct: 0.5,
        midAt: closeOf(6),
        filledAt: null,
      },
    ])
  })

  test('fill, minGap, requireAdjacent and includeFilled', async () => {
    await duck.insertCandles('1m', bars)
    const end = closeOf(8)
    expect(await at(end, { fill: 'touch' })).toMatchObject([{ filledAt: closeOf(4) }])
    expect(await at(end, { fill: 'half' })).toMatchObject([{ filledAt: closeOf(6) }])
    expect(await at(end, { includeFilled: false })).toEqual([])
    expect(await at(closeOf(7), { includeFilled: false })).toHaveLength(1)
    // The gap is 2 wide: 2/12 = 16.67 % of its lower edge.
    expect(await at(end, { minGap: 2 })).toHaveLength(1)
    expect(await at(end, { minGap: 2.1 })).toEqual([])
    expect(await at(end, { minGap: 16, minGapUnit: 'percent' })).toHaveLength(1)
    expect(await at(end, { minGap: 17, minGapUnit: 'percent' })).toEqual([])
    // Three bars hold no average of fourteen. With a period of 2: true ranges 3, 5, 4; mean of the
    // first two 4; at bar 2 (4 + 4) / 2 = 4, so the gap is half an average true range.
    expect(await at(end, { minGap: 0.01, minGapUnit: 'atr' })).toEqual([])
    const inAtr = { minGapUnit: 'atr', atrPeriod: 2 } as const
    expect(await at(end, { minGap: 0.5, ...inAtr })).toHaveLength(1)
    expect(await at(end, { minGap: 0.51, ...inAtr })).toEqual([])
    await duck.clear()
    const later = bars.map((bar, index) =>
      index < 2 ? bar : { ...bar, timestamp: bar.timestamp + 5 * minute },
    )
    await duck.insertCandles('1m', later)
    expect(await at(end + 5 * minute)).toHaveLength(1)
    expect(await at(end + 5 * minute, { requireAdjacent: true })).toEqual([])
  })

  test('the window chooses gaps by their middle bar and says when it begins before the data', async () => {
    await duck.insertCandles('1m', bars)
    const asOf = closeOf(8)
    const middle = marketOpenMs + minute
    expect(await at(asOf, { from: middle, to: middle + 1 })).toMatchObject([{ filledPct: 1 }])
    expect(await at(asOf, { from: middle + 0.001 })).toEqual([])
    expect(await at(asOf, { to: middle })).toEqual([])
    expect(await at(asOf, { from: marketOpenMs - 1 })).toMatchObject([{ truncated: true }])
  })
})

test('refuses what it does not know', () => {
  expect(() => detectFvgQuery({ timeframe: '2m' as '1m' })).toThrow('timeframe')
  expect(() => detectFvgQuery({ timeframe: '1m', minGap: -1 })).toThrow(RangeError)
  expect(() => detectFvgQuery({ timeframe: '1m', definiton: 'smc' } as never)).toThrow(
    'did you mean `definition`',
  )
})

describe.runIf(oracleIsHere)('outside data', () => {
  test('smart-money-concepts: all 24,424 rows of EURUSD', async () => {
    const bars = oracleCsv('fvg', 'EURUSD_15M.csv').map((row) => ({
      timestamp: Date.parse(`${row['Date']!.replaceAll('.', '-').replace(' ', 'T')}Z`),
      open: Number(row['Open']),
      high: Number(row['High']),
      low: Number(row['Low']),
      close: Number(row['Close']),
      volume: 1,
    }))
    await duck.insertCandles('15m', bars)
    const rows = await duck.query(
      detectFvgQuery({ timeframe: '15m', definition: 'smc', fill: 'touch' }),
    )
    const indexAt = new Map(bars.map(({ timestamp }, index) => [timestamp, index]))
    const found = new Map(rows.map((row) => [row.timestamp, row]))
    const actual = bars.map(({ timestamp }) => {
      const gap = found.get(timestamp)
      if (gap === undefined) return { FVG: '', Top: '', Bottom: '', MitigatedIndex: '' }
      const touched = gap.touchedAt === null ? 0 : indexAt.get(gap.touchedAt - 15 * minute)!
      return {
        FVG: gap.type === 'bullish' ? '1.0' : '-1.0',
        Top: String(gap.priceHigh),
        Bottom: String(gap.priceLow),
        MitigatedIndex: touched.toFixed(1),
      }
    })
    const expected = oracleCsv('fvg', 'EURUSD_15M_fvg.csv')
    expect(expected).toHaveLength(24_424)
    expect(actual).toEqual(expected)
  })

  testOnRealTrades('%s: gaps of bars out of real trades', async (symbol) => {
    const trades = oracleTrades(symbol)
    await duck.insertTicks(arrival(trades, [0, 0, 5, 0, 300]))
    const rows = await duck.query(detectFvgQuery({ timeframe: '1s' }))
    const expected = referenceGaps(foldCandles(trades, 1000), 1000, { timeframe: '1s' })
    expect(expected.length).toBeGreaterThan(20)
    expect(withoutCoverage(rows)).toEqual(expected)
  })
})

const someOptions = record({
  definition: constantFrom('classic', 'smc'),
  fill: constantFrom('full', 'half', 'touch'),
  joinConsecutive: boolean(),
  requireAdjacent: boolean(),
  includeFilled: boolean(),
  minGap: constantFrom(0, 0, 1, 2),
  minGapUnit: constantFrom('price', 'percent', 'atr'),
  atrPeriod: constantFrom(2, 3, 14),
})

test('equals a fold over random bars, whatever the options', async () => {
  await assert(
    // The fold sees whole prices, the query their tenths: decimals, which differences of doubles miss.
    asyncProperty(
      randomBars(minute),
      someOptions,
      constantFrom(1, 10),
      async (bars, options, of) => {
        await duck.clear()
        await duck.insertCandles(
          '1m',
          bars.map((bar) => ({
            ...bar,
            open: bar.open / of,
            high: bar.high / of,
            low: bar.low / of,
            close: bar.close / of,
          })),
        )
        const minGap = options.minGapUnit === 'price' ? options.minGap / of : options.minGap
        const rows = await duck.query(detectFvgQuery({ timeframe: '1m', ...options, minGap }))
        const expected = referenceGaps(bars, minute, { timeframe: '1m', ...options })
        expect(
          withoutCoverage(rows).map((gap) => ({
            ...gap,
            priceLow: Math.round(gap.priceLow * of),
            priceHigh: Math.round(gap.priceHigh * of),
            filledPct: Number(gap.filledPct.toFixed(9)),
          })),
        ).toEqual(expected.map((gap) => ({ ...gap, filledPct: Number(gap.filledPct.toFixed(9)) })))
      },
    ),
    { numRuns: propertyRuns(5) },
  )
})

test('as of T equals everything from T on deleted', async () => {
  await assert(
    asyncProperty(marketAndTime, someOptions, async ({ ticks, arrived, asOf }, options) => {
      await duck.clear()
      await duck.insertTicks(arrived)
      const gaps = detectFvgQuery({ timeframe: '1s', asOf, ...options })
      const before = await duck.query(gaps)
      await duck.deleteTicksFrom(asOf)
      expect(await duck.query(gaps)).toEqual(before)
      const known = foldCandles(ticks, 1000).filter(({ timestamp }) => timestamp + 1000 <= asOf)
      expect(withoutCoverage(before)).toEqual(
        referenceGaps(known, 1000, { timeframe: '1s', ...options }),
      )
    }),
    { numRuns: propertyRuns(5) },
  )
})

type BareGap = Omit<DetectedFvg, keyof Coverage | 'source'>

/** The definition as a loop over bars, looking at every later bar one by one. */
function referenceGaps(
  bars: readonly Candle[],
  widthMs: number,
  options: DetectFvgOptions,
): BareGap[] {
  const found = bars.flatMap((third, at) => {
    const [first, middle] = [bars[at - 2], bars[at - 1]]
    if (first === undefined || middle === undefined) return []
    const bullish = first.high < third.low
    if (!bullish && first.low <= third.high) return []
    if (
      options.definition === 'smc' &&
      (bullish ? middle.close <= middle.open : middle.close >= middle.open)
    )
      return []
    const adjacent = third.timestamp - first.timestamp === 2 * widthMs
    if (options.requireAdjacent === true && !adjacent) return []
    const low = bullish ? first.high : third.high
    const high = bullish ? third.low : first.low
    const unit = {
      price: 1,
      percent: low / 100,
      atr: wilder(bars.slice(0, at + 1), options.atrPeriod ?? 14),
    }[options.minGapUnit ?? 'price']
    const minGap = options.minGap ?? 0
    if (minGap > 0 && !(high - low >= minGap * unit * (1 - 1e-9))) return []
    return [{ at, bullish, low, high, timestamp: middle.timestamp }]
  })
  const gaps = found.reduce<typeof found>((kept, gap) => {
    const last = kept.at(-1)
    if (options.joinConsecutive === true && last?.at === gap.at - 1 && last.bullish === gap.bullish)
      kept[kept.length - 1] = {
        ...gap,
        low: Math.min(last.low, gap.low),
        high: Math.max(last.high, gap.high),
      }
    else kept.push(gap)
    return kept
  }, [])
  return gaps
    .map(({ at, bullish, low, high, timestamp }) => {
      const later = bars.slice(at + 1)
      const depth = (bar: Candle): number => (bullish ? high - bar.low : bar.high - low)
      const reached = (depthAtLeast: number): number | null => {
        const bar = later.find((bar) => depth(bar) >= depthAtLeast)
        return bar === undefined ? null : bar.timestamp + widthMs
      }
      const [touchedAt, midAt, fullAt] = [
        reached(0),
        reached((high - low) / 2),
        reached(high - low),
      ]
      return {
        timestamp,
        timeframe: options.timeframe,
        type: bullish ? ('bullish' as const) : ('bearish' as const),
        priceLow: low,
        priceHigh: high,
        knownAt: bars[at]!.timestamp + widthMs,
        filledPct: later.reduce(
          (deepest, bar) => Math.min(1, Math.max(deepest, depth(bar) / (high - low))),
          0,
        ),
        touchedAt,
        midAt,
        filledAt: { touch: touchedAt, half: midAt, full: fullAt }[options.fill ?? 'full'],
      }
    })
    .filter(({ filledAt }) => options.includeFilled !== false || filledAt === null)
}

/** Wilder's average true range at the last bar, by its own recursion. */
function wilder(bars: readonly Candle[], period: number): number {
  const ranges = bars.map(({ high, low }, at) => {
    const before = bars[at - 1]?.close
    return before === undefined
      ? high - low
      : Math.max(high - low, Math.abs(high - before), Math.abs(low - before))
  })
  if (ranges.length < period) return Number.NaN
  const seed = ranges.slice(0, period).reduce((sum, range) => sum + range, 0) / period
  return ranges
    .slice(period)
    .reduce((value, range) => (value * (period - 1) + range) / period, seed)
}
