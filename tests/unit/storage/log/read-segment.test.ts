import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogGroup } from '../../../../src/storage/log/log-group.ts'
import {
  acknowledged,
  readSegment,
  type LogDamage,
} from '../../../../src/storage/log/read-segment.ts'
import { checksum, checksumByTable } from '../../../../src/storage/log/checksum.ts'
import { readRecord } from '../../../../src/storage/log/record.ts'
import type { LogEntry } from '../../../../src/storage/log/log-entry.ts'
import { pageBytes } from '../../../../src/storage/log/segment.ts'

type Given = Pick<LogEntry, 'pair' | 'ticks' | 'rows'>

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((id) => id.isWellFormed())
const tick = fc.record({
  micros: fc.integer({ min: 9e14, max: 4e15 }),
  price: fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
  volume: fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
  side: fc.integer({ min: 0, max: 1 }),
  id: fc.option(text),
})
const record: fc.Arbitrary<Given> = fc
  .record({
    pair: text,
    ticks: fc.array(tick, { maxLength: 6 }),
    rows: fc.string({ unit: 'grapheme' }),
  })
  .filter(({ rows }) => rows.isWellFormed())
  .map(({ pair, ticks, rows }) => ({
    pair,
    rows,
    ticks: {
      length: ticks.length,
      micros: Float64Array.from(ticks, ({ micros }) => micros),
      price: Float64Array.from(ticks, ({ price }) => price),
      volume: Float64Array.from(ticks, ({ volume }) => volume),
      side: Uint8Array.from(ticks, ({ side }) => side),
      ids: ticks.map(({ id }) => id),
    },
  }))
/** What was given to the log, group by group. */
const groups = fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 6,
})

interface Written {
  readonly bytes: Buffer<ArrayBuffer>
  /** Where each record begins, and which group it is in. */
  readonly places: { readonly at: number; readonly end: number; readonly group: number }[]
  readonly entries: string[]
}

/** A segment as the log writes it, with room behind. */
function write(
  given: readonly Given[][],
  { segment = 7, stale }: { segment?: number; stale?: Buffer } = {},
): Written {
  let sequence = 0
  let position = 0
  const places: Written['places'] = []
  const parts: Buffer[] = []
  let length = 0
  for (const [index, each] of given.entries()) {
    const group: LogGroup = new LogGroup(Buffer.allocUnsafeSlow(64), () => ++sequence)
    for (const { pair, ticks, rows } of each) {
      const at = length + group.length
      group.append(pair, ticks, rows)
      places.push({ at, end: length + group.length, group: index })
    }
    group.seal({ segment, position: position + 1, durable: position, first: 1 })
    position += each.length
    parts.push(Buffer.from(group.buffer.subarray(0, group.length)))
    length += group.length
  }
  const whole = Math.ceil((length + 256) / pageBytes) * pageBytes
  const room = Buffer.alloc(Math.max(whole, stale?.length ?? 0) - length)
  if (stale !== undefined && stale.length > length) stale.copy(room, 0, length)
  return { bytes: Buffer.concat([...parts, room]), places, entries: given.flat().map(shown) }
}

function read(bytes: Buffer, segment = 7): { entries: string[]; damages: LogDamage[] } {
  const { entries, damages } = acknowledged([readSegment('x.log', segment, bytes)])
  return { entries: entries.map(shown), damages }
}

/** Everything that a record says, as text: it is compared thousands of times. */
function shown({ pair, ticks, rows }: Given): string {
  const { micros, price, volume, side, ids } = ticks
  return JSON.stringify([pair, [...micros], [...price], [...volume], [...side], ids, rows])
}

describe('a segment', () => {
  it('gives back what was written, and nothing of its life before', () => {
    fc.assert(
      fc.property(groups, groups, (given, before) => {
        const stale = write(before, { segment: 3 }).bytes
        const { bytes, entries } = write(given, { stale })
        expect(read(bytes)).toEqual({ entries, damages: [] })
        expect(read(bytes, 8).entries).toEqual([])
      }),
    )
  })

  it('is read to its end when the next one is made already, empty or with a life before', () => {
    fc.assert(
      fc.property(groups, groups, fc.boolean(), (given, before, used) => {
        const { bytes, entries } = write(given)
        const next = used ? write(before, { segment: 3 }).bytes : Buffer.alloc(pageBytes)
        const segments = [readSegment('x.log', 7, bytes), readSegment('y.log', 8, next)]
        expect(acknowledged(segments).entries.map(shown)).toEqual(entries)
        expect(acknowledged(segments).damages).toEqual([])
      }),
    )
  })

  it('torn at any byte of its last group holds all groups before; that is damage when the file is short', () => {
    fc.assert(
      fc.property(groups, fc.boolean(), (given, short) => {
        const { bytes, places, entries } = write(given)
        const last = places.filter(({ group }) => group === given.length - 1)
        for (let cut = last[0]!.at; cut < last.at(-1)!.end; cut++) {
          const torn = short ? bytes.subarray(0, cut) : Buffer.from(bytes).fill(0, cut)
          const whole = places.filter(({ end }) => end <= cut).length
          const found = read(torn)
          // Zeros at its end may be what was there.
          expect(found.entries.slice(0, whole)).toEqual(entries.slice(0, whole))
          expect(found.entries.length - whole).toBeLessThanOrEqual(1)
          // Between two pages and right behind a record nothing tells that there was another one.
          const isUntold = cut % pageBytes === 0 && places.some(({ end }) => end === cut)
          const isDamage = short && !isUntold && torn.some((byte) => byte !== 0)
          expect(found.damages).toHaveLength(isDamage ? 1 : 0)
        }
      }),
      { numRuns: 5 },
    )
  })

  it('cut between two pages tells by the length of the record that is missing, however little is left of it', () => {
    const none: Given['ticks'] = {
      length: 0,
      micros: new Float64Array(),
      price: new Float64Array(),
      volume: new Float64Array(),
      side: new Uint8Array(),
      ids: [],
    }
    const given = (length: number): Given => ({ pair: 'a', ticks: none, rows: 'x'.repeat(length) })
    const left: number[] = []
    for (let length = 3800; length < 4100; length += 8) {
      const { bytes, places } = write([[given(length), given(400)]])
      left.push(pageBytes - places[0]!.end)
      const { damages } = read(bytes.subarray(0, pageBytes))
      expect([left.at(-1), damages.length]).toEqual([left.at(-1), left.at(-1) === 0 ? 0 : 1])
    }
    expect(left).toEqual(expect.arrayContaining([-8, 0, 8, 56, 64]))
  })

  it('loses nothing acknowledged and invents nothing when sectors of its last group are lost', () => {
    fc.assert(
      fc.property(
        groups,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        (given, lost) => {
          const { bytes, places, entries } = write(given)
          const from = places.find(({ group }) => group === given.length - 1)!.at
          const torn = Buffer.from(bytes)
          for (const [sector, isLost] of lost.entries())
            if (isLost)
              torn.fill(
                0,
                Math.min(torn.length, from + sector * 64),
                Math.min(torn.length, from + sector * 64 + 64),
              )
          const acknowledged = entries.length - given.at(-1)!.length
          const found = read(torn)
          expect(found.damages).toEqual([])
          expect(found.entries).toEqual(entries.slice(0, found.entries.length))
          expect(found.entries.length).toBeGreaterThanOrEqual(acknowledged)
        },
      ),
    )
  })

  it('names an acknowledged record in which a bit is wrong, and reads all others', () => {
    fc.assert(
      fc.property(groups, fc.nat(), (given, bit) => {
        fc.pre(given.length > 1)
        const { bytes, places, entries } = write(given)
        const acknowledged = places.filter(({ group }) => group < given.length - 1)
        const end = acknowledged.at(-1)!.end
        const at = bit % (end * 8)
        const flipped = Buffer.from(bytes)
        flipped[at >> 3]! ^= 1 << (at & 7)
        const hit = places.findIndex((place) => place.end > at >> 3)
        const { entries: found, damages } = read(flipped)
        expect(damages).toHaveLength(1)
        expect(damages[0]).toMatchObject({ file: 'x.log', from: places[hit]!.at, records: 1 })
        const missing = entries.length - found.length
        expect(found).toEqual([...entries.slice(0, hit), ...entries.slice(hit + missing)])
        expect(missing).toBe(1)
      }),
      { numRuns: 200 },
    )
  })
})

it('the checksum is that of the world, and the same without the help of zlib', () => {
  expect(checksum(Buffer.from('123456789'), 0, 9)).toBe(0xcb_f4_39_26)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      expect(checksumByTable(bytes)).toBe(checksum(bytes, 0, bytes.length))
    }),
  )
})

it('no text in a record is taken for a record', () => {
  expect(readRecord(Buffer.alloc(4096), 0)).toBeUndefined()
})
