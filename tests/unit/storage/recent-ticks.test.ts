import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { BatchColumns } from '../../../src/storage/duckdb/batch-function.ts'
import { MemoryBudget } from '../../../src/storage/front/memory-budget.ts'
import { RecentTicks } from '../../../src/storage/front/recent-ticks.ts'

function batch(ids: readonly string[]): BatchColumns {
  const numbers = Float64Array.from(ids, (_, index) => index + 1)
  const side = new Uint8Array(ids.length)
  return { length: ids.length, micros: numbers, price: numbers, volume: numbers, side, ids }
}

const batches = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 5 }), {
  maxLength: 8,
})

it('what was cut off again was never there', () => {
  fc.assert(
    fc.property(batches, batches, batches, (before, cut, behind) => {
      const kept = new RecentTicks(new MemoryBudget(), 0)
      const plain = new RecentTicks(new MemoryBudget(), 0)
      for (const each of before) for (const ticks of [kept, plain]) ticks.append(batch(each))
      const { end } = kept
      for (const each of cut) {
        kept.append(batch(each))
        kept.find('a', 0)
      }
      expect(kept.cutTo(end)).toBe(true)
      for (const each of behind) for (const ticks of [kept, plain]) ticks.append(batch(each))
      for (const id of ['a', 'b', 'c', 'd']) expect(kept.find(id, 0)).toEqual(plain.find(id, 0))
      expect(kept.kept).toBe(plain.kept)
    }),
  )
})

it('nothing is cut off when some were let go of meanwhile', () => {
  const recent = new RecentTicks(new MemoryBudget(), 0)
  recent.append(batch(['a', 'b']))
  const { end } = recent
  recent.append(batch(['c']))
  recent.keepFrom(2)
  expect(recent.cutTo(end)).toBe(false)
})

it('keeps many that come at once as it keeps them one by one', () => {
  const together = new RecentTicks(new MemoryBudget(), 0)
  const single = new RecentTicks(new MemoryBudget(), 0)
  const ids = Array.from({ length: 100 }, (_, row) => `${row % 30}`)
  const all = batch(ids)
  together.append(all)
  for (let row = 0; row < all.length; row++)
    single.append({
      length: 1,
      micros: all.micros.subarray(row),
      price: all.price.subarray(row),
      volume: all.volume.subarray(row),
      side: all.side.subarray(row),
      ids: [all.ids[row]!],
    })
  for (const id of ids) {
    expect(together.find(id, 0)).toEqual(single.find(id, 0))
    expect(together.find(id, 0).length).toBeGreaterThan(2)
  }
  expect(together.find('absent', 0)).toEqual([])
})

it('finds every tick of an id from a time on, however it was asked before and whatever was let go of', () => {
  const step = fc.record({
    ids: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 400 }),
    late: fc.integer({ min: 0, max: 500 }),
    asked: fc.integer({ min: 0, max: 3000 }),
    keepsFrom: fc.option(fc.integer({ min: 0, max: 2000 }), { freq: 5 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
      const recent = new RecentTicks(new MemoryBudget(), 0)
      let all: { id: string; micros: number }[] = []
      let newest = 0
      for (const { ids, late, asked, keepsFrom } of steps) {
        const given = ids.map((id) => ({ id: `${id}`, micros: ++newest - (id === 7 ? late : 0) }))
        const micros = Float64Array.from(given, (tick) => tick.micros)
        const texts = given.map(({ id }) => id)
        recent.append({ ...batch(texts), micros })
        all.push(...given)
        if (keepsFrom !== null) {
          recent.keepFrom(newest - keepsFrom)
          all = all.filter((tick) => tick.micros >= newest - keepsFrom)
        }
        const since = newest - asked
        for (const id of ['3', '7', '40']) {
          const found = recent.find(id, since).map((tick) => tick.micros)
          const held = all.filter((tick) => tick.id === id).map((tick) => tick.micros)
          expect(found.filter((each) => each >= since)).toEqual(
            held.filter((each) => each >= since),
          )
          expect(held).toEqual(expect.arrayContaining(found))
        }
      }
    }),
    { numRuns: 200 },
  )
})
