import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openManager, sql, temporaryFolder } from '../../support/store.ts'
import { everyAnalytic, sameAnswer } from '../../support/every-analytic.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { binSizeOf, epoch, randomTicks } from '../../support/ticks.ts'

const hour = 3_600_000
const spanMs = 5 * hour
const keeping = { keepMs: 90 * 365 * 24 * hour, then: 'archive' } as const

describe('a query with `history`', () => {
  it('answers as if nothing had left the file, wherever it was cut', async () => {
    const db = await openManager({
      archive: temporaryFolder(),
      retention: { ticks: keeping },
      clock: () => epoch + spanMs,
      candles: ['1m', '1h'],
    })
    let run = 0
    const step = record({ upTo: nat(100), cutHour: nat(7), compact: constantFrom(true, false) })
    await assert(
      asyncProperty(
        randomTicks({ spanMs, maxLength: 80 }),
        array(step, { minLength: 1, maxLength: 3 }),
        record({ from: nat(spanMs), width: nat(spanMs), asOf: nat(spanMs * 2) }),
        constantFrom('1m', '1h'),
        async (ticks, steps, window, timeframe) => {
          run++
          const [whole, cut] = [`x/spot/W${run}`, `x/spot/C${run}`]
          let stored = 0
          for (const { upTo, cutHour, compact } of steps) {
            const next = Math.max(stored, Math.ceil((ticks.length * upTo) / 100))
            await db.insertTicks(whole, ticks.slice(stored, next))
            await db.insertTicks(cut, ticks.slice(stored, next))
            stored = next
            await db.archivePair(cut, { now: epoch + cutHour * hour, olderThanMs: hour, compact })
          }
          await db.insertTicks(whole, ticks.slice(stored))
          await db.insertTicks(cut, ticks.slice(stored))
          // What came late is looked for in the archive by a pass.
          await db.archivePair(cut)
          const binSize = binSizeOf(ticks)
          const { from, width, asOf } = window
          const options = { timeframe, binSize, sizes: [1, 10], minVolume: 1, threshold: 1 }
          const times = { from: epoch + from, to: epoch + from + width, asOf: epoch + asOf }
          const overAll = everyAnalytic(options)
          const within = everyAnalytic({ ...options, ...times })
          for (const index of overAll.keys()) {
            // Every other one over the window, the others over all: which, the case says.
            const query = (index % 2 === from % 2 ? overAll : within)[index]!
            const expected = await db.query(whole, query)
            const found = await db.query(cut, query, { history: true })
            // Only an answer that differs is written out.
            const same = sameAnswer(found, expected)
            expect(same ? 'same' : { index, name: query.name, found }).toEqual(
              same ? 'same' : { index, name: query.name, found: expected },
            )
          }
          expect(await db.query(cut, sql('SELECT count(*) AS n FROM pairduck_late_ticks'))).toEqual(
            [{ n: 0 }],
          )
          await Promise.all([db.pool.release(whole), db.pool.release(cut)])
        },
      ),
      { numRuns: propertyRuns(1) },
    )
  })
})
