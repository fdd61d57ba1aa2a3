import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { BatchColumns } from '../../../../src/storage/duckdb/batch-function.ts'
import { Backlog } from '../../../../src/storage/log/backlog.ts'
import type { LogRecord } from '../../../../src/storage/log/log-entry.ts'

function rowsOf({ length, micros, price, volume, side, ids }: BatchColumns): unknown[] {
  return Array.from({ length }, (_, row) => [
    micros[row],
    price[row],
    volume[row],
    side[row],
    ids[row],
  ])
}

function recordOf(sequence: number, ticks: number): LogRecord {
  const numbers = Float64Array.from({ length: ticks }, (_, row) => 1000 * sequence + row)
  return {
    sequence,
    pair: 'bench/spot/BTC',
    ticks: {
      length: ticks,
      micros: numbers,
      price: numbers.map((each) => each + 0.25),
      volume: numbers.map((each) => each + 0.5),
      side: Uint8Array.from(numbers, (each) => each % 2),
      ids: Array.from(numbers, (each) => (each % 3 === 0 ? null : `${each}`)),
    },
    rows: sequence % 4 === 0 ? `rows ${sequence}` : '',
    bytes: 0,
    segment: undefined,
    released: false,
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 50 }) }) },
    { weight: 2, arbitrary: fc.constant('take' as const) },
    { weight: 1, arbitrary: fc.constant('drop' as const) },
    { weight: 1, arbitrary: fc.record({ dropBehind: fc.integer({ min: 0, max: 9 }) }) },
  ),
  { maxLength: 60 },
)

it('holds what was added and not dropped, in order, wherever it was taken or cut', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const backlog = new Backlog()
      let kept: { record: LogRecord; rows: unknown[] }[] = []
      let sequence = 0
      let taken = 0
      const drop = (until: number): void => {
        const dropped = backlog.drop(until).map((record) => record.sequence)
        const gone = kept.filter(({ record }) => record.sequence <= until)
        expect(dropped).toEqual(gone.map(({ record }) => record.sequence))
        kept = kept.filter(({ record }) => record.sequence > until)
      }
      for (const step of all) {
        if (step === 'take') taken = backlog.due()?.sequence ?? 0
        else if (step === 'drop') drop(taken)
        else if ('dropBehind' in step) drop((kept[0]?.record.sequence ?? 0) + step.dropBehind)
        else {
          const record = recordOf(++sequence, step.add)
          const rows = rowsOf(record.ticks)
          backlog.add(record)
          kept.push({ record, rows })
        }
        expect(backlog.length).toBe(kept.length)
        const inOrder = kept.flatMap(({ rows }) => rows)
        expect(backlog.ticks).toBe(inOrder.length)
        expect(backlog.batches().flatMap(rowsOf)).toEqual(inOrder)
        // For the log, which may have to write them anew.
        for (const { record, rows } of kept) expect(rowsOf(record.ticks)).toEqual(rows)
      }
      const due = backlog.due()
      expect(due?.sequence).toBe(kept.at(-1)?.record.sequence)
      expect(due === undefined ? [] : rowsOf(due.ticks)).toEqual(kept.flatMap(({ rows }) => rows))
      const texts = kept.map(({ record }) => record.rows).filter((rows) => rows !== '')
      expect(due?.rows ?? []).toEqual(texts)
    }),
    { numRuns: 300 },
  )
})

it('leaves what was taken as it is while more is added', () => {
  const backlog = new Backlog()
  backlog.add(recordOf(1, 3))
  const due = backlog.due()!
  const before = rowsOf(due.ticks)
  backlog.add(recordOf(2, 3))
  expect(due.ticks.length).toBe(3)
  expect(rowsOf(due.ticks)).toEqual(before)
  backlog.drop(1)
  expect(backlog.batches().flatMap(rowsOf)).toEqual(rowsOf(recordOf(2, 3).ticks))
})
