import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { CcxtTrade } from '../../../src/ccxt/ccxt-objects.ts'
import { exchangeRule } from '../../../src/record/exchange-rule.ts'
import { listen } from '../../../src/record/line.ts'
import type { PairRecorder } from '../../../src/record/pair-recorder.ts'
import type { RecordEvent } from '../../../src/record/record-events.ts'
import type { TradeExchange } from '../../../src/record/trade-exchange.ts'

const symbol = 'BTC/USDT'

/**
 * As ccxt gives trades: one that nobody asked for waits until somebody asks, and comes with the next
 * one, not before.
 */
class Exchange implements TradeExchange {
  readonly id = 'binance'
  readonly has = {}
  closed = false
  #kept: CcxtTrade[] = []
  #asked: ((trades: CcxtTrade[]) => void)[] = []

  say(id: string): void {
    this.#kept.push({ id, symbol })
    if (this.#asked.length === 0) return
    const trades = this.#kept.splice(0)
    for (const give of this.#asked.splice(0)) give(trades)
  }

  get isAsked(): boolean {
    return this.#asked.length > 0
  }

  watchTrades(): Promise<CcxtTrade[]> {
    return new Promise((resolve) => this.#asked.push(resolve))
  }

  async close(): Promise<void> {
    this.closed = true
  }

  loadMarkets(): Promise<unknown> {
    return Promise.resolve()
  }

  fetchTrades(): Promise<CcxtTrade[]> {
    return Promise.resolve([])
  }
}

/** Listens to an exchange whose line is to be changed at once; what it gave, and what was told. */
function listening(old: Exchange, make: () => Promise<TradeExchange>) {
  const taken: string[] = []
  const told: RecordEvent[] = []
  const recorder = {
    take: (trades: readonly CcxtTrade[]) => taken.push(...trades.map(({ id }) => String(id))),
    cut: () => taken.push('cut'),
  }
  const stop = new AbortController()
  const done = listen(
    old,
    make,
    {
      rule: exchangeRule('binance', symbol),
      recorders: new Map([[symbol, recorder as unknown as PairRecorder]]),
      silentMs: 60_000,
      renewAfterMs: 20,
      tell: (event) => told.push(event),
    },
    stop.signal,
  )
  onTestFinished(async () => {
    stop.abort()
    await done
  })
  return { taken, told }
}

async function isAsked(exchange: Exchange): Promise<void> {
  await vi.waitFor(() => expect(exchange.isAsked).toBe(true), { timeout: 30_000, interval: 1 })
}

it('hears all that the old line gives while the new one is made, though it is quiet afterwards', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const { taken } = listening(old, async () => {
    for (const id of ['1', '2', '3']) {
      old.say(id)
      await turn()
    }
    return fresh
  })
  await isAsked(fresh)
  fresh.say('4')
  await vi.waitFor(() => expect(taken).toEqual(['1', '2', '3', '4']))
  expect(old.closed).toBe(false)
})

it('goes on with the old line where no new one can be made, and says why', async () => {
  const old = new Exchange()
  let tries = 0
  const { taken, told } = listening(old, async () => {
    tries++
    throw new Error('no markets')
  })
  await vi.waitFor(() => expect(tries).toBeGreaterThan(1), { timeout: 30_000 })
  old.say('1')
  await vi.waitFor(() => expect(taken).toEqual(['1']))
  expect(old.closed).toBe(false)
  expect(told).toContainEqual(
    expect.objectContaining({ type: 'error', error: new Error('no markets') }),
  )
})

it('goes on with the old line where the new one breaks off at once', async () => {
  const old = new Exchange()
  const broken = Object.assign(new Exchange(), {
    watchTrades: () => Promise.reject(new Error('refused')),
  })
  const { taken, told } = listening(old, async () => broken)
  await vi.waitFor(() => expect(broken.closed).toBe(true), { timeout: 30_000 })
  await isAsked(old)
  old.say('1')
  await vi.waitFor(() => expect(taken).toEqual(['1']))
  expect(old.closed).toBe(false)
  expect(told).toContainEqual(
    expect.objectContaining({ type: 'error', error: new Error('refused') }),
  )
})
