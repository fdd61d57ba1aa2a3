import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { PackedCache } from '../../../src/mirror/write/packed-cache.ts'
import { PackedTexts } from '../../../src/mirror/write/packed-texts.ts'

interface Thing {
  readonly name: string
  readonly text: string
}

const max = 250
const names = fc.integer({ min: 0, max: 600 }).map((n) => `n${n}`)
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ set: names, text: fc.string({ unit: 'grapheme' }) }) },
    fc.record({ delete: names }),
    fc.record({ get: names }),
  ),
  { size: 'max', maxLength: 3_000 },
)

it('remembers the values that were set last, each once, and tells of every one that it forgets', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const truth = new Map<string, Thing>()
      const forgotten: Thing[] = []
      const expected: Thing[] = []
      const read: unknown[] = []
      const known: unknown[] = []
      const cache = new PackedCache<Thing>({
        max,
        packing: {
          pack: (thing) => JSON.stringify(thing),
          unpack: (text) => JSON.parse(text) as Thing,
        },
        onForgotten: (packed) => forgotten.push(JSON.parse(packed) as Thing),
      })
      for (const step of taken) {
        if ('get' in step) {
          read.push(cache.get(step.get))
          known.push(truth.get(step.get))
          continue
        }
        const name = 'set' in step ? step.set : step.delete
        truth.delete(name)
        if ('delete' in step) cache.delete(name)
        else {
          const thing = { name, text: step.text }
          cache.set(name, thing)
          truth.set(name, thing)
        }
        if (truth.size <= max + 100) continue
        for (const oldest of [...truth.values()].slice(0, 100)) {
          truth.delete(oldest.name)
          expected.push(oldest)
        }
      }
      // Newest last; what is written meanwhile moves, and is still met once.
      const met: Thing[] = []
      for (const thing of cache.values()) {
        met.push(thing)
        cache.set(thing.name, thing)
      }
      const inOrder = (things: Iterable<Thing>): Thing[] =>
        [...things].sort((a, b) => (a.name < b.name ? -1 : 1))
      expect(inOrder(met)).toEqual(inOrder(truth.values()))
      expect(cache.size).toBe(truth.size)
      for (const name of truth.keys()) expect(cache.has(name)).toBe(true)
      expect(forgotten).toEqual(expected)
      expect(read).toEqual(known)
    }),
    { numRuns: 15 },
  )
})

it('holds little more memory than what is there, whatever was deleted in between', () => {
  const texts = new PackedTexts()
  const text = 'x'.repeat(1_000)
  for (let n = 0; n < 20_000; n++) {
    texts.set(`n${n}`, text)
    // One in a hundred stays: each of them alone would keep a slab.
    if (n % 100 > 0) texts.delete(`n${n}`)
  }
  expect(texts.size).toBe(200)
  expect(texts.heldBytes).toBeLessThan(4 * 65_536 + 3 * 200 * 1_004 + 65_536)
  texts.set('long', 'é'.repeat(100_000))
  expect(texts.get('long')).toBe('é'.repeat(100_000))
  texts.delete('long')
  for (let n = 0; n < 20_000; n += 100) expect(texts.get(`n${n}`)).toBe(text)
  for (const name of texts.names()) texts.delete(name)
  expect(texts.heldBytes).toBeLessThan(20 * 65_536)
})
