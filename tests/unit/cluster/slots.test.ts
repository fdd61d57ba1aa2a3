import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ownerOf, slotOf, slotsOf } from '../../../src/cluster/slots.ts'
import { decodeTicks, encodeTicks } from '../../../src/cluster/tick-entry.ts'
import { isLaterEntry } from '../../../src/cluster/valkey-log.ts'

const members = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 12 })

test('every slot has one owner among the members, whatever order they come in', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 0, max: 4_095 }), (list, slot) => {
      const owner = ownerOf(slot, list)
      expect(list).toContain(owner)
      expect(ownerOf(slot, list.toReversed())).toBe(owner)
    }),
  )
})

test('a member that joins takes slots from others and moves none between them', () => {
  fc.assert(
    fc.property(members, fc.string({ minLength: 1 }), (list, newcomer) => {
      fc.pre(!list.includes(newcomer))
      for (let slot = 0; slot < 64; slot++) {
        const after = ownerOf(slot, [...list, newcomer])
        expect([ownerOf(slot, list), newcomer]).toContain(after)
      }
    }),
    { numRuns: 50 },
  )
})

test('slots are shared out nearly evenly', () => {
  const four = ['a', 'b', 'c', 'd']
  const counts = four.map((member) => slotsOf(member, four, 1_024).length)
  expect(counts.reduce((sum, count) => sum + count)).toBe(1_024)
  for (const count of counts) expect(Math.abs(count - 256)).toBeLessThan(64)
  const pairs = Array.from({ length: 10_240 }, (_, at) => slotOf(`binance/spot/P${at}`, 1_024))
  expect(new Set(pairs).size).toBeGreaterThan(1_000)
})

test('an entry gives back every tick to the microsecond and the last bit', () => {
  const tick = fc.record({
    timestamp: fc
      .integer({ min: Date.UTC(2001, 0), max: Date.UTC(2099, 0) })
      .chain((ms) => fc.integer({ min: 0, max: 999 }).map((us) => ms + us / 1000)),
    price: fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
    volume: fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
    side: fc.constantFrom<'BUY' | 'SELL'>('BUY', 'SELL'),
    tradeId: fc.option(fc.stringMatching(/^x[0-9a-z-]{1,35}$/), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(tick, { size: 'max', maxLength: 200 }), (ticks) => {
      const back = decodeTicks(encodeTicks(ticks, Infinity))
      expect(back.price).toEqual(ticks.map(({ price }) => price))
      expect(back.volume).toEqual(ticks.map(({ volume }) => volume))
      expect(back.side).toEqual(ticks.map(({ side }) => side))
      expect(back.tradeId).toEqual(ticks.map(({ tradeId }) => tradeId ?? null))
      for (const [at, { timestamp }] of ticks.entries())
        expect(Math.round(back.timestamp[at]! * 1000)).toBe(Math.round(timestamp * 1000))
    }),
  )
})

test('what no file would store is refused where it comes from', () => {
  const tick = { timestamp: Date.now(), price: 1, volume: -1, side: 'BUY' as const }
  expect(() => encodeTicks([tick], Infinity)).toThrow(
    expect.objectContaining({ code: 'INVALID_TICK' }) as Error,
  )
})

test('ids of entries compare as numbers', () => {
  expect(isLaterEntry('10-0', '9-0')).toBe(true)
  expect(isLaterEntry('10-10', '10-9')).toBe(true)
  expect(isLaterEntry('10-1', '10-1')).toBe(false)
})
