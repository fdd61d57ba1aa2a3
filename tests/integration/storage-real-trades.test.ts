import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DatabaseManager, Timeframe } from '../../src/index.ts'
import { timeframeMs } from '../../src/time.ts'
import { oracleFile, oracleIsHere, oracleTrades, type OracleTrade } from '../support/oracle.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { storedCandles, storedTicks } from '../support/store-rows.ts'
import { openManager, temporaryFolder } from '../support/store.ts'
import { candleDifferences, foldCandles } from '../support/candle-fold.ts'
import { byTickOrder } from '../support/tick-order.ts'

const timeframes: readonly Timeframe[] = ['1m', '5m', '15m']
const columns = {
  timestamp: 'trade_time_ms',
  price: 'price',
  volume: 'qty',
  buyerIsMaker: 'buyer_is_maker',
  tradeId: 'trade_id',
}
const keepAll = {
  ticks: 'forever',
  candles_1m: 'forever',
  candles_5m: 'forever',
  candles_15m: 'forever',
} as const

describe.skipIf(!oracleIsHere).each([
  ['BTCUSDT', 9757],
  ['ETHUSDT', 6106],
] as const)('real trades of %s', (symbol, count) => {
  const file = oracleFile('trades', `binance_spot_${symbol}_20240808.csv`)
  const trades = oracleIsHere ? oracleTrades(symbol) : []
  const pair = `binance/spot/${symbol}`

  it('are stored once, however often their file is imported', async () => {
    const store = await openManager()
    const none = { inserted: 0, duplicates: 0, conflicts: 0, expired: 0, rejected: 0 }
    expect(await store.importTicks(pair, file, { columns, timeUnit: 'ms' })).toMatchObject({
      ...none,
      inserted: count,
    })
    expect(await store.importTicks(pair, file, { columns, timeUnit: 'ms' })).toMatchObject({
      ...none,
      duplicates: count,
    })
    expect(await differences(store)).toEqual([])
  })

  it('give the same ticks and candles in reverse, shuffled, and in overlapping pieces', async () => {
    const reversed = trades.toReversed()
    const [shuffled] = fc.sample(fc.shuffledSubarray(trades, { minLength: count }), {
      numRuns: 1,
      seed: 8,
    }) as [OracleTrade[]]
    const pieces = Array.from({ length: 7 }, (_, piece) =>
      trades.slice(Math.max(0, piece * 1500 - 300), (piece + 1) * 1500),
    )
    for (const files of [[reversed], [shuffled], pieces, pieces.toReversed()]) {
      const store = await openManager()
      const folder = temporaryFolder()
      let [inserted, duplicates] = [0, 0]
      for (const [index, each] of files.entries()) {
        const piece = join(folder, `${index}.csv`)
        await writeFile(piece, toCsv(each))
        const report = await store.importTicks(pair, piece, { columns, timeUnit: 'ms' })
        inserted += report.inserted
        duplicates += report.duplicates
      }
      const given = files.reduce((sum, each) => sum + each.length, 0)
      expect({ inserted, duplicates }).toEqual({ inserted: count, duplicates: given - count })
      expect(await differences(store)).toEqual([])
    }
  })

  it('give the same in calls of any size, late by any lot, with roll-ups and reopening between', async () => {
    const store = await openManager({ retention: keepAll })
    const cut = fc.record({
      size: fc.integer({ min: 1, max: 900 }),
      late: fc.boolean(),
      next: fc.constantFrom('cleanup', 'reopen', 'nothing', 'nothing'),
    })
    let runs = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(cut, { minLength: 5, maxLength: 30, size: 'max' }),
        async (cuts) => {
          const run = `binance/spot/RUN${runs++}`
          const held: OracleTrade[][] = []
          let at = 0
          for (const { size, late, next } of cuts) {
            const piece = trades.slice(at, (at += size))
            if (late) held.push(piece)
            else await store.insertTicks(run, piece)
            if (next === 'cleanup' && !late) await store.cleanupPair(run)
            if (next === 'reopen') await store.pool.release(run)
          }
          await store.insertTicks(run, trades.slice(at))
          await store.cleanupPair(run)
          await Promise.all(held.toReversed().map((piece) => store.insertTicks(run, piece)))
          expect(await differences(store, run)).toEqual([])
          await store.cleanupPair(run)
          expect(await differences(store, run)).toEqual([])
          await store.pool.release(run)
        },
      ),
      { numRuns: propertyRuns(2) },
    )
  })

  /** In what the store differs from the file. */
  async function differences(store: DatabaseManager, stored = pair): Promise<unknown[]> {
    const ticks = await storedTicks(store, stored)
    const sorted = trades.toSorted(byTickOrder)
    const found: unknown[] = isDeepStrictEqual(ticks, sorted) ? [] : [ticks]
    for (const timeframe of timeframes)
      found.push(
        ...candleDifferences(
          await storedCandles(store, stored, timeframe),
          foldCandles(trades, timeframeMs[timeframe]),
        ),
      )
    return found
  }
})

function toCsv(trades: readonly OracleTrade[]): string {
  const lines = trades.map(
    ({ timestamp, price, volume, side, tradeId }) =>
      `${tradeId},${timestamp},${price},${volume},${side === 'SELL'}`,
  )
  return ['trade_id,trade_time_ms,price,qty,buyer_is_maker', ...lines, ''].join('\n')
}
