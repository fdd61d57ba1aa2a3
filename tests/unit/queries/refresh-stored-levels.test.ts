import { beforeEach, expect, test } from 'vitest'
import type { Tick } from '../../../src/schema/rows.ts'
import { marketOpenMs } from '../../support/random-market.ts'
import { keptRows, PlainWriter, refresh } from '../../support/refreshing.ts'
import { openTestDuck } from '../../support/test-duck.ts'

const duck = await openTestDuck()
let writer: PlainWriter
beforeEach(() => {
  writer = new PlainWriter(duck)
})

test('the depth of long ago is not forgotten, and what came late moves times back', async () => {
  // Second 0 up to 101, second 2 down to 105: gap 101–105. Second 3 enters to 103: half.
  await writer.insert([
    ...barTicks([0, 101, 100], [1, 106, 100], [2, 107, 105], [3, 106, 103]),
    ...quiet(4, 40, 107, 106),
  ])
  await refresh(duck, closeOf(39), ['1s'])
  await writer.rollUp(closeOf(39))
  await writer.insert(quiet(40, 80, 107, 106))
  await refresh(duck, closeOf(79), ['1s'])
  const gap = async () => (await keptRows(duck)).fair_value_gaps
  const half = { filled_pct: 0.5, touched_at: closeOf(3), mid_at: closeOf(3), filled_at: null }
  expect(await gap()).toMatchObject([half])
  // Second 85 fills it; then it turns out that second 60 had been a quarter deeper, and 50 full.
  await writer.rollUp(closeOf(79))
  await writer.insert([
    ...quiet(80, 85, 107, 106),
    ...barTicks([85, 107, 101]),
    ...quiet(86, 90, 107, 106),
  ])
  await refresh(duck, closeOf(89), ['1s'])
  expect(await gap()).toMatchObject([{ ...half, filled_pct: 1, filled_at: closeOf(85) }])
  await writer.insert([trade(60_500, 102, 1, 'SELL')])
  await refresh(duck, closeOf(89), ['1s'])
  expect(await gap()).toMatchObject([{ ...half, filled_pct: 1, filled_at: closeOf(85) }])
  await writer.insert([trade(50_500, 101, 1, 'SELL')])
  await refresh(duck, closeOf(89), ['1s'])
  expect(await gap()).toMatchObject([{ ...half, filled_pct: 1, filled_at: closeOf(50) }])
})

test('a touch that came late counts from its own time, for a zone too', async () => {
  // The high of second 22 stands above its neighbours on four times their volume: supply from
  // 105, the body's top, to 110. Seconds 30 and 35 are above it and close at 111.
  await writer.insert([
    ...quiet(0, 22, 101, 99),
    ...barTicks([22, 110, 100, 4]),
    ...quiet(23, 30, 101, 99),
    ...barTicks([30, 112, 110]),
    ...quiet(31, 40, 101, 99),
  ])
  await refresh(duck, closeOf(39), ['1s'])
  const supply = async () =>
    (await keptRows(duck)).supply_demand_zones.filter(({ price_high }) => price_high === 110)
  expect(await supply()).toMatchObject([
    { price_low: 105, status: 'broken', touched_at: closeOf(30), broken_at: closeOf(30) },
  ])
  await writer.insert([trade(28_700, 107, 1, 'BUY')])
  await refresh(duck, closeOf(39), ['1s'])
  expect(await supply()).toMatchObject([{ touched_at: closeOf(28), broken_at: closeOf(30) }])
  await writer.insert([trade(27_700, 111, 1, 'BUY')])
  await refresh(duck, closeOf(39), ['1s'])
  expect(await supply()).toMatchObject([{ touched_at: closeOf(27), broken_at: closeOf(27) }])
})

function trade(afterMs: number, price: number, volume: number, side: 'BUY' | 'SELL'): Tick {
  return { timestamp: marketOpenMs + afterMs, price, volume, side }
}

/** Ticks of one-second bars that open at the low, go to the high, and close between. */
function barTicks(
  ...bars: readonly [second: number, high: number, low: number, volume?: number][]
): Tick[] {
  return bars.flatMap(([second, high, low, volume = 1]) => [
    trade(second * 1000, low, volume, 'BUY'),
    trade(second * 1000 + 300, high, volume, 'SELL'),
    trade(second * 1000 + 600, (low + high) / 2, volume, 'BUY'),
  ])
}

function quiet(from: number, until: number, high: number, low: number): Tick[] {
  const seconds = Array.from({ length: until - from }, (_, at) => from + at)
  return barTicks(...seconds.map((second): [number, number, number] => [second, high, low]))
}

function closeOf(second: number): number {
  return marketOpenMs + (second + 1) * 1000
}
