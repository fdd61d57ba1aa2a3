import { describe, expect, test } from 'vitest'
import { barsSql, resolveBars } from '../../../src/queries/bars.ts'
import { coveredFromSql, truncatedSql, windowBegin } from '../../../src/queries/coverage.ts'
import { query } from '../../../src/queries/query.ts'
import {
  resolveWindow,
  ticksInWindow,
  windowRules,
  type WindowOptions,
} from '../../../src/queries/window.ts'
import { resolveOptions } from '../../../src/options.ts'
import { openTestDuck } from '../../support/test-duck.ts'

const t0 = Date.UTC(2024, 7, 8, 12)

const duck = await openTestDuck()

function resolve(options: WindowOptions, defaults: { asOf?: 'now' } = {}) {
  return resolveWindow('test', resolveOptions('test', options, windowRules), defaults)
}

async function pricesIn(options: WindowOptions): Promise<number[]> {
  const window = resolve(options)
  const rows = await duck.query(
    query<{ price: number }>(
      'prices',
      `SELECT price FROM ticks WHERE ${ticksInWindow(window)} ORDER BY timestamp`,
      window.params,
    ),
  )
  return rows.map(({ price }) => price)
}

async function coverage(options: WindowOptions) {
  const window = resolve(options)
  const covered = coveredFromSql(window)
  const [row] = await duck.query(
    query<{ coveredFrom: number | null; truncated: boolean }>(
      'coverage',
      `SELECT ${covered} AS "coveredFrom", ${truncatedSql(windowBegin(window), covered)} AS "truncated"`,
      window.params,
    ),
  )
  return row
}

async function opens(source: 'candles' | 'ticks', options: WindowOptions) {
  const window = resolve(options)
  const rows = await duck.query(
    query<{ timestamp: number }>(
      'bars',
      `SELECT timestamp FROM (${barsSql(resolveBars({ timeframe: '1m', source }), window)}) ORDER BY 1`,
      window.params,
    ),
  )
  return rows.map(({ timestamp }) => (timestamp - t0) / 60_000)
}

const tick = (ms: number, price: number) =>
  ({ timestamp: ms, price, volume: 1, side: 'BUY' }) as const

describe('a window', () => {
  test('is half-open to the microsecond', async () => {
    await duck.insertTicks([tick(t0, 1), tick(t0 + 0.001, 2), tick(t0 + 1, 3)])
    expect(await pricesIn({})).toEqual([1, 2, 3])
    expect(await pricesIn({ from: t0 + 0.001 })).toEqual([2, 3])
    expect(await pricesIn({ to: t0 + 0.001 })).toEqual([1])
    expect(await pricesIn({ from: t0 + 0.001, to: t0 + 1 })).toEqual([2])
    expect(await pricesIn({ window: { from: t0 + 0.001, to: t0 + 1 } })).toEqual([2])
    expect(await pricesIn({ from: t0, asOf: t0 + 1 })).toEqual([1, 2])
  })

  test('looks back from a given now, and then ends there', async () => {
    await duck.insertTicks([tick(t0 - 60_001, 1), tick(t0 - 60_000, 2), tick(t0, 3)])
    expect(await pricesIn({ lookbackMinutes: 1, now: t0 })).toEqual([2])
  })

  test("looks back from the engine's clock, and has no end", async () => {
    const now = Date.now()
    await duck.insertTicks([tick(now - 120_000, 1), tick(now - 30_000, 2), tick(now + 30_000, 3)])
    expect(await pricesIn({ lookbackMinutes: 1 })).toEqual([2, 3])
  })

  test('refuses what contradicts itself', () => {
    expect(() => resolve({ window: { from: t0 }, to: t0 + 1 })).toThrow(TypeError)
    expect(() => resolve({ lookbackMinutes: 1, from: t0 })).toThrow(TypeError)
    expect(() => resolve({ now: t0 })).toThrow(TypeError)
    expect(() => resolve({ from: t0 + 1, to: t0 })).toThrow(RangeError)
    expect(() => resolve({ from: Number.NaN })).toThrow(RangeError)
    expect(() => resolve({ window: { form: 1 } as object })).toThrow(/did you mean `from`/)
  })
})

describe('coverage', () => {
  test('begins at the oldest tick, or at the mark where retention deleted', async () => {
    expect(await coverage({})).toEqual({ coveredFrom: null, truncated: false })
    expect(await coverage({ from: t0 })).toEqual({ coveredFrom: null, truncated: true })
    await duck.insertTicks([tick(t0, 1), tick(t0 + 5000, 2)])
    expect(await coverage({})).toEqual({ coveredFrom: t0, truncated: false })
    expect(await coverage({ from: t0 })).toEqual({ coveredFrom: t0, truncated: false })
    expect(await coverage({ from: t0 - 1 })).toEqual({ coveredFrom: t0, truncated: true })
    await duck.deleteTicksBefore(t0 + 1000)
    expect(await coverage({ from: t0 })).toEqual({ coveredFrom: t0 + 1000, truncated: true })
    expect(await coverage({ from: t0 + 1000 })).toEqual({
      coveredFrom: t0 + 1000,
      truncated: false,
    })
  })
})

test('candles reach back to their oldest, whether ticks or others gave it', async () => {
  const covered = async (asOf?: number) =>
    (
      await duck.query(
        query<{ at: number | null }>(
          'covered',
          `SELECT ${coveredFromSql(resolve({ asOf }), 'candles_5m')} AS "at"`,
          resolve({ asOf }).params,
        ),
      )
    )[0]!.at
  expect(await covered()).toBeNull()
  await duck.insertTicks([tick(t0 + 400_000, 1)])
  expect(await covered()).toBe(t0 + 300_000)
  expect(await covered(t0 + 400_000)).toBeNull()
  const flat = { open: 1, high: 1, low: 1, close: 1, volume: 0 }
  await duck.insertCandles('5m', [{ timestamp: t0, ...flat }])
  await duck.insertCandles('1m', [{ timestamp: t0 - 60_000, ...flat }])
  expect(await covered()).toBe(t0)
})

describe('bars', () => {
  test('are used once they have closed', async () => {
    await duck.insertTicks([tick(t0, 1), tick(t0 + 60_000, 2), tick(t0 + 120_000, 3)])
    for (const source of ['candles', 'ticks'] as const) {
      expect(await opens(source, {})).toEqual([0, 1, 2])
      expect(await opens(source, { asOf: t0 + 120_000 })).toEqual([0, 1])
      expect(await opens(source, { asOf: t0 + 119_999.999 })).toEqual([0])
    }
  })

  test('cut into by retention are left out when they are folded from ticks', async () => {
    await duck.insertTicks([tick(t0, 1), tick(t0 + 30_000, 2), tick(t0 + 60_000, 3)])
    await duck.deleteTicksBefore(t0 + 30_000)
    expect(await opens('ticks', {})).toEqual([1])
  })
})
