import { assert, asyncProperty, constantFrom } from 'fast-check'
import { expect, test } from 'vitest'
import {
  detectSpeedOfTapeQuery,
  type SpeedOfTapeOptions,
  type SpeedOfTape,
} from '../../../src/queries/speed-of-tape.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { arrival, marketAndTime, marketOpenMs } from '../../support/random-market.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

function trade(afterMs: number, volume: number, side: 'BUY' | 'SELL' = 'BUY'): Tick {
  return { timestamp: marketOpenMs + afterMs, price: 10, volume, side }
}

test('worked out on paper', async () => {
  // Seconds 0, 1, 2, 5 hold 2, 4, 6 and 20. Sums over 3 seconds: 2, 6, 12, then seconds 3 to 5
  // alone: 20. Averages of the last two speeds: 2, 4, 9, 16; times 1.5: 3, 6, 13.5, 24.
  // No speed is above its bound: 6 > 6 is not.
  const ticks = [
    trade(0, 2),
    trade(1000, 1),
    trade(1999, 3, 'SELL'),
    trade(2000, 6, 'SELL'),
    trade(5500, 20),
  ]
  await duck.insertTicks(ticks)
  const options: SpeedOfTapeOptions = { seconds: 3, averageOf: 2 }
  const rows = await duck.query(detectSpeedOfTapeQuery(options))
  expect(
    rows.map(({ timestamp, speed, threshold, signal }) => [
      timestamp - marketOpenMs,
      speed,
      threshold,
      signal,
    ]),
  ).toEqual([
    [0, 2, 3, false],
    [1000, 6, 6, false],
    [2000, 12, 13.5, false],
    [5000, 20, 24, false],
  ])
  expect(rows[1]).toEqual({
    timestamp: marketOpenMs + 1000,
    knownAt: marketOpenMs + 2000,
    speed: 6,
    threshold: 6,
    signal: false,
    delta: 0,
    coveredFrom: marketOpenMs,
    truncated: true,
    complete: true,
  })
  // The sum of second 2 reaches back to second 0, where the data begin.
  expect(rows.map(({ truncated }) => truncated)).toEqual([true, true, false, false])
  const signals = async (given: SpeedOfTapeOptions): Promise<boolean[]> =>
    (await duck.query(detectSpeedOfTapeQuery({ seconds: 3, ...given }))).map(({ signal }) => signal)
  expect(await signals({ averageOf: 2, factor: 1.3 })).toEqual([false, true, true, false])
  expect(await signals({ threshold: 12 })).toEqual([false, false, false, true])
  // Deltas by second +2, −2, −6, +20; sums of three +2, 0, −6, +20: the size counts.
  expect(await signals({ measure: 'delta', threshold: 5 })).toEqual([false, false, true, true])
  expect(await signals({ measure: 'ticks', threshold: 3 })).toEqual([false, false, true, false])
  // A window leaves out rows, not what came before them.
  expect(
    await duck.query(detectSpeedOfTapeQuery({ ...options, from: marketOpenMs + 2000 })),
  ).toEqual(rows.slice(2))
  // Second 5 has not ended yet.
  expect(
    await duck.query(detectSpeedOfTapeQuery({ ...options, asOf: marketOpenMs + 5999 })),
  ).toEqual(rows.slice(0, 3))
})

test('a second that retention has cut is left out', async () => {
  await duck.insertTicks([trade(0, 1), trade(1200, 1), trade(1800, 1), trade(2000, 1)])
  await duck.deleteTicksBefore(marketOpenMs + 1500)
  expect(await duck.query(detectSpeedOfTapeQuery())).toMatchObject([
    { timestamp: marketOpenMs + 2000, speed: 1, coveredFrom: marketOpenMs + 1500, truncated: true },
  ])
})

testOnRealTrades('%s: real trades', async (symbol) => {
  const trades = oracleTrades(symbol)
  await duck.insertTicks(arrival(trades, [0, 0, 5, 0, 300]))
  for (const measure of ['volume', 'ticks', 'buys', 'sells', 'delta'] as const) {
    const rows = await duck.query(detectSpeedOfTapeQuery({ measure }))
    expect(rows.length).toBeGreaterThan(100)
    expectSpeeds(rows, trades, { measure })
  }
})

test('equals a fold over random ticks; as of T equals everything from T on deleted', async () => {
  const options = constantFrom<SpeedOfTapeOptions>(
    {},
    { measure: 'ticks', seconds: 1, averageOf: 1 },
    { measure: 'buys', seconds: 3, averageOf: 5, factor: 1.2 },
    { measure: 'sells', seconds: 60 },
    { measure: 'delta', seconds: 4, averageOf: 3 },
    { threshold: 100 },
  )
  await assert(
    asyncProperty(marketAndTime, options, async ({ ticks, arrived, asOf }, given) => {
      await duck.clear()
      await duck.insertTicks(arrived)
      const speeds = detectSpeedOfTapeQuery({ ...given, asOf })
      const before = await duck.query(speeds)
      expectSpeeds(before, ticks, { ...given, asOf })
      await duck.deleteTicksFrom(asOf)
      expect(await duck.query(speeds)).toEqual(before)
    }),
    { numRuns: propertyRuns(5) },
  )
})

function expectSpeeds(
  rows: readonly SpeedOfTape[],
  ticks: readonly Tick[],
  {
    measure = 'volume',
    seconds = 10,
    averageOf = 20,
    factor = 1.5,
    threshold,
    asOf = Infinity,
  }: SpeedOfTapeOptions,
): void {
  const amount = (tick: Tick): number =>
    ({
      volume: tick.volume,
      ticks: 1,
      buys: tick.side === 'BUY' ? tick.volume : 0,
      sells: tick.side === 'SELL' ? tick.volume : 0,
      delta: signed(tick),
    })[measure]
  const starts = [...new Set(ticks.map(({ timestamp }) => Math.floor(timestamp / 1000) * 1000))]
    .sort((a, b) => a - b)
    .filter((start) => start + 1000 <= asOf)
  const sum = (start: number, of: (tick: Tick) => number): number =>
    ticks
      .filter(
        ({ timestamp }) => timestamp >= start - (seconds - 1) * 1000 && timestamp < start + 1000,
      )
      .reduce((total, tick) => total + of(tick), 0)
  const speeds = starts.map((start) => sum(start, amount))
  expect(rows.map(({ timestamp }) => timestamp)).toEqual(starts)
  for (const [at, row] of rows.entries()) {
    const lately = speeds.slice(Math.max(0, at + 1 - averageOf), at + 1)
    const average = lately.reduce((total, speed) => total + Math.abs(speed), 0) / lately.length
    const bound = threshold ?? factor * average
    expect(row.speed).toBeCloseTo(speeds[at]!, 8)
    expect(row.threshold).toBeCloseTo(bound, 8)
    expect(row.delta).toBeCloseTo(sum(starts[at]!, signed), 8)
    expect(row.signal).toBe(Math.abs(row.speed) > row.threshold * (1 + 1e-12))
    expect(row.knownAt).toBe(row.timestamp + 1000)
  }
}

function signed({ side, volume }: Tick): number {
  return side === 'BUY' ? volume : -volume
}
