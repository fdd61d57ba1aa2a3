import { array, constantFrom, double, integer, record, type Arbitrary } from 'fast-check'
import type { Candle, Tick } from '../../src/schema/rows.ts'

/** 2024-08-08 12:00 UTC, a whole hour. */
export const marketOpenMs: number = Date.UTC(2024, 7, 8, 12)

/**
 * Bars of a few whole prices, so that edges meet often, with holes in time. Up to `maxLength` of
 * them: several blocks of the search for later bars.
 */
export function randomBars(widthMs: number, maxLength = 200): Arbitrary<Candle[]> {
  const step = record({
    hole: constantFrom(0, 0, 0, 0, 1, 7),
    move: integer({ min: -3, max: 3 }),
    body: integer({ min: -2, max: 2 }),
    up: integer({ min: 0, max: 2 }),
    down: integer({ min: 0, max: 2 }),
    volume: integer({ min: 1, max: 6 }),
  })
  return array(step, { maxLength, size: 'max' }).map((steps) => {
    let timestamp = marketOpenMs
    let last = 100
    return steps.map(({ hole, move, body, up, down, volume }) => {
      timestamp += (1 + hole) * widthMs
      const open = Math.max(10, last + move)
      const close = open + body
      last = close
      return {
        timestamp,
        open,
        close,
        high: Math.max(open, close) + up,
        low: Math.min(open, close) - down,
        volume,
      }
    })
  })
}

/** Ticks with many ties in time and, now and then, of one price; numbered in the order of time. */
export function randomTicks(maxLength = 300): Arbitrary<Tick[]> {
  const step = record({
    wait: constantFrom(0, 0, 1, 40, 500, 999, 1000, 3_700),
    move: constantFrom(-2, -1, 0, 0, 1, 2),
    volume: integer({ min: 1, max: 60 }),
    side: constantFrom('BUY' as const, 'SELL' as const),
  })
  return record({
    steps: array(step, { maxLength, size: 'max' }),
    calm: constantFrom(0, 1, 1),
  }).map(({ steps, calm }) => {
    let timestamp = marketOpenMs
    let price = 50
    return steps.map(({ wait, move, volume, side }, at) => {
      timestamp += wait
      price = Math.max(1, price + move * calm)
      return { timestamp, price, volume, side, tradeId: String(at + 95) }
    })
  })
}

/** The same things in an order of arrival in which each comes up to `lateness` places late. */
export function arrival<T>(things: readonly T[], lateness: readonly number[]): T[] {
  return things
    .map((thing, at) => ({ thing, key: at + (lateness[at % Math.max(1, lateness.length)] ?? 0) }))
    .sort((a, b) => a.key - b.key)
    .map(({ thing }) => thing)
}

/** How late, in places, each thing of a list arrives; for {@link arrival}. */
export const lateness: Arbitrary<number[]> = array(constantFrom(0, 0, 0, 3, 20), {
  minLength: 1,
  maxLength: 40,
})

/** A market, its ticks as they arrived, and a time from its opening to some while after its end. */
export const marketAndTime: Arbitrary<{ ticks: Tick[]; arrived: Tick[]; asOf: number }> = record({
  ticks: randomTicks(),
  late: lateness,
  share: double({ min: 0, max: 1.2, noNaN: true }),
}).map(({ ticks, late, share }) => {
  const end = (ticks.at(-1)?.timestamp ?? marketOpenMs) + 3000
  const asOf = Math.floor(marketOpenMs + share * (end - marketOpenMs))
  return { ticks, arrived: arrival(ticks, late), asOf }
})
