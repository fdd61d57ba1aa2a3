import { expect, it } from 'vitest'
import { recordTrades, type RecordEvent } from '../../../src/record/index.ts'
import { openManager } from '../../support/store.ts'

type Exchange = Parameters<typeof recordTrades>[1]

/** Quiet, and never closed. */
function stuckExchange(): Exchange {
  const never = new Promise<never>(() => undefined)
  return {
    id: 'binance',
    has: { watchTradesForSymbols: true },
    markets: { 'BTC/USDT': { type: 'spot' } },
    loadMarkets: async () => ({}),
    watchTrades: () => never,
    watchTradesForSymbols: () => never,
    fetchTrades: async () => [],
    close: () => never,
  }
}

it('a recording of an exchange object that never closes can be stopped, and says so', async () => {
  const db = await openManager()
  const events: RecordEvent[] = []
  const signal = AbortSignal.timeout(1)
  const recording = recordTrades(db, stuckExchange(), ['BTC/USDT'], {
    signal,
    onEvent: (event) => events.push(event),
  })
  await recording
  const error = new Error('an exchange object did not close within 5000 ms')
  expect(events).toContainEqual({ type: 'error', pair: null, error })
})
