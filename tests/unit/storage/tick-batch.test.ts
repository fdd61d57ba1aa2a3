import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tick } from '../../../src/schema/rows.ts'
import { CheckedTicks } from '../../../src/storage/write/checked-ticks.ts'
import { TickBatch } from '../../../src/storage/write/tick-batch.ts'
import type { TickColumns } from '../../../src/storage/write/tick.ts'
import { microsFromMs, msFromMicros } from '../../../src/time.ts'

const now = Date.UTC(2024, 7, 8)
const good: Tick = { timestamp: now, price: 1.5, volume: 2, side: 'BUY', tradeId: '1' }

/** Field and value, and what is wrong with them. */
const faults: readonly (readonly [field: keyof Tick, value: unknown])[] = [
  ['timestamp', NaN],
  ['timestamp', Infinity],
  ['timestamp', -1],
  ['timestamp', 0],
  ['timestamp', now / 1000],
  ['timestamp', now * 1000],
  ['timestamp', now * 1_000_000],
  ['timestamp', now + 1],
  ['timestamp', Date.UTC(1999, 11, 31, 23, 59, 59, 999)],
  ['timestamp', Date.UTC(2100, 0, 1)],
  ['timestamp', String(now)],
  ['timestamp', BigInt(now)],
  ['timestamp', new Date(now)],
  ['timestamp', undefined],
  ...(['price', 'volume'] as const).flatMap((field) =>
    [NaN, Infinity, -Infinity, 0, -0, -1, '1', 1n, null, undefined].map(
      (value) => [field, value] as const,
    ),
  ),
  ...['buy', 'SELL ', 'B', '', 1, true, null, undefined].map((value) => ['side', value] as const),
  ...[
    '',
    '1'.repeat(129),
    '1\n',
    '\u0000',
    'a\u007f',
    'é\u0085',
    'x\ud800',
    '\udc00',
    7,
    7n,
    true,
  ].map((value) => ['tradeId', value] as const),
]

it('reads every 32-bit float as a decimal that gives it, of no more digits than needed', () => {
  fc.assert(
    fc.property(
      fc.float({ min: Math.fround(1e-37), noNaN: true, noDefaultInfinity: true }),
      (float) => {
        const batch = new TickBatch()
        const price = Float32Array.of(float)
        batch.append({ timestamp: [now], price, volume: [1], side: ['BUY'] }, now)
        const stored = batch.price[0]!
        expect(Math.fround(stored)).toBe(float)
        const digits = stored.toExponential().replace(/e.*|\D/g, '').length
        const shorter = digits > 1 ? Number(float.toPrecision(digits - 1)) : NaN
        expect(Math.fround(shorter)).not.toBe(float)
      },
    ),
  )
})

describe('a tick that cannot be stored', () => {
  it.each(faults)('%s %s is refused, naming it, with nothing of its call', (field, value) => {
    const ticks = [good, good, { ...good, [field]: value }] as Tick[]
    for (const given of [ticks, columnsOf(ticks)]) {
      const batch = new TickBatch()
      batch.append([good], now)
      expect(() => batch.append(given, now)).toThrow(
        expect.objectContaining({
          code: 'INVALID_TICK',
          details: expect.objectContaining({ index: 2, field, value }) as object,
        }) as Error,
      )
      expect([batch.length, batch.ids]).toEqual([1, ['1']])
    }
  })

  it('is a TypeError where it is no tick at all, or its columns are no columns', () => {
    const columns = columnsOf([good, good])
    for (const given of [
      undefined,
      null,
      7,
      'ticks',
      {},
      [good, null],
      [7],
      { ...columns, price: [1] },
      { ...columns, side: undefined },
      { ...columns, tradeId: ['1'] },
      { ...columns, timestamp: undefined },
    ])
      expect(() => new TickBatch().append(given as Tick[], now)).toThrow(TypeError)
  })
})

it.each([
  'A',
  '1'.repeat(128),
  'é',
  '漢字',
  '😀',
  '0b0e5a6c-7f6e-4f3a-9f43-0d1f4f6a9c11',
  undefined,
])('takes the id %s', (tradeId) => {
  const batch = new TickBatch()
  batch.append([{ ...good, tradeId }], now)
  expect(batch.ids).toEqual([tradeId ?? null])
})

it('filled again after it was emptied it holds what a new one does, and whose ticks it held keeps them', () => {
  const ticks = [1, 2, 3].map((id) => ({ ...good, price: id, tradeId: `${id}` }))
  const lender = new TickBatch()
  lender.append(ticks, now)
  const { micros, price, volume, side, ids } = lender
  const lent = new CheckedTicks({ micros, price, volume, side, ids })
  const used = new TickBatch()
  used.adopt(lent)
  used.clear()
  expect([used.length, used.ids]).toEqual([0, []])
  used.append([{ ...good, price: 9, tradeId: '9' }], now)
  expect([used.length, used.ids, used.price[0]]).toEqual([1, ['9'], 9])
  expect([lent.ids, [...lent.price]]).toEqual([
    ['1', '2', '3'],
    [1, 2, 3],
  ])
})

it('keeps every microsecond from 2000 to 2100, both ways', () => {
  const micros = fc.integer({
    min: Date.UTC(2000, 0, 1) * 1000,
    max: Date.UTC(2100, 0, 1) * 1000 - 1,
  })
  fc.assert(
    fc.property(micros, (time) => {
      const batch = new TickBatch()
      batch.append([{ ...good, timestamp: msFromMicros(time) }], Infinity)
      expect(batch.micros[0]).toBe(time)
      expect(microsFromMs(msFromMicros(time))).toBe(time)
    }),
    { numRuns: 5000 },
  )
})

function columnsOf(ticks: readonly Tick[]): TickColumns {
  return {
    timestamp: ticks.map(({ timestamp }) => timestamp),
    price: ticks.map(({ price }) => price),
    volume: ticks.map(({ volume }) => volume),
    side: ticks.map(({ side }) => side),
    tradeId: ticks.map(({ tradeId }) => tradeId),
  }
}
