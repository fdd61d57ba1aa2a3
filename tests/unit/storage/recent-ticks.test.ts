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
        kept.find('a')
      }
      expect(kept.cutTo(end)).toBe(true)
      for (const each of behind) for (const ticks of [kept, plain]) ticks.append(batch(each))
      for (const id of ['a', 'b', 'c', 'd']) expect(kept.find(id)).toEqual(plain.find(id))
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
    expect(together.find(id)).toEqual(single.find(id))
    expect(together.find(id).length).toBeGreaterThan(2)
  }
  expect(together.find('absent')).toEqual([])
})
