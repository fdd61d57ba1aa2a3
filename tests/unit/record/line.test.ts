import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { CcxtTrade } from '../../../src/ccxt/ccxt-objects.ts'
import { exchangeRule } from '../../../src/record/exchange-rule.ts'
import { listen } from '../../../src/record/line.ts'
import type { PairRecorder } from '../../../src/record/pair-recorder.ts'
import type { RecordEvent } from '../../../src/record/record-events.ts'
import type { TradeExchange } from '../../../src/record/trade-exchange.ts'

const symbol = 'BTC/USDT'

interface Resolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

function withResolvers<T>(): Resolvers<T> {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((take, refuse) => {
    resolve = take
    reject = refuse
  })
  return { promise, resolve, reject }
}

/**
 * As ccxt gives trades: one that nobody asked for waits until somebody asks, and comes with the next
 * one, not before.
 */
class Exchange implements TradeExchange {
  readonly id = 'binance'
  readonly has = {}
  closed = false
  #kept: CcxtTrade[] = []
  #asked: Resolvers<CcxtTrade[]>[] = []

  say(id: string): void {
    this.#kept.push({ id, symbol })
    if (this.#asked.length === 0) return
    const trades = this.#kept.splice(0)
    for (const each of this.#asked.splice(0)) each.resolve(trades)
  }

  breakOff(): void {
    for (const each of this.#asked.splice(0)) each.reject(new Error('broken off'))
  }

  get isAsked(): boolean {
    return this.#asked.length > 0
  }

  watchTrades(): Promise<CcxtTrade[]> {
    const asked = withResolvers<CcxtTrade[]>()
    this.#asked.push(asked)
    return asked.promise
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
function listening(
  old: Exchange,
  make: () => Promise<TradeExchange>,
  options: { overlapMs?: number; closeMs?: number; onEvent?: (event: RecordEvent) => void } = {},
) {
  const { onEvent, ...times } = options
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
      ...times,
      tell: (event) => {
        told.push(event)
        onEvent?.(event)
      },
    },
    stop.signal,
  )
  const end = (): Promise<void> => {
    stop.abort()
    return done
  }
  onTestFinished(() => end().catch(() => undefined))
  return { taken, told, end, done }
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

it('tells at once that the old line breaks off while the new one is made, and opens it again', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const made = withResolvers<TradeExchange>()
  let isMaking = false
  const { taken, told } = listening(old, () => {
    isMaking = true
    return made.promise
  })
  await vi.waitFor(() => expect(isMaking).toBe(true), { timeout: 30_000 })
  old.say('1')
  await vi.waitFor(() => expect(taken).toEqual(['1']))
  await isAsked(old)
  old.breakOff()
  await vi.waitFor(() => expect(taken).toEqual(['1', 'cut']))
  expect(told).toContainEqual(
    expect.objectContaining({ type: 'line', state: 'cut', reason: 'broken off' }),
  )
  await isAsked(old)
  old.say('2')
  await vi.waitFor(() => expect(taken).toEqual(['1', 'cut', '2']))
  made.resolve(fresh)
  await isAsked(fresh)
  fresh.say('3')
  await vi.waitFor(() => expect(taken).toEqual(['1', 'cut', '2', '3']))
})

it('hears the old line until the new one has given something, however long that takes', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const { taken, told } = listening(old, async () => fresh, { overlapMs: 20 })
  await isAsked(fresh)
  const until = Date.now() + 200
  let said = 0
  while (Date.now() < until) {
    old.say(String(++said))
    await vi.waitFor(() => expect(taken).toHaveLength(said), { interval: 1 })
  }
  expect(old.closed).toBe(false)
  while (!old.closed) {
    fresh.say(String(++said))
    await vi.waitFor(() => expect(taken).toHaveLength(said), { interval: 1 })
  }
  expect(taken).toEqual(Array.from({ length: said }, (_, index) => String(index + 1)))
  // Each of the two once.
  expect(told.filter((event) => event.type === 'line' && event.state === 'open')).toHaveLength(2)
})

it('ends although the new one is never made, and closes what is made afterwards', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const made = withResolvers<TradeExchange>()
  let isMaking = false
  const { end } = listening(old, () => {
    isMaking = true
    return made.promise
  })
  await vi.waitFor(() => expect(isMaking).toBe(true), { timeout: 30_000 })
  await end()
  expect([old.closed, fresh.closed]).toEqual([true, false])
  made.resolve(fresh)
  await vi.waitFor(() => expect(fresh.closed).toBe(true))
})

it.each(Array.from({ length: 16 }, (_, steps) => [steps]))(
  'takes what the old line gives %i steps before it is known that there is no new one',
  async (steps) => {
    const old = new Exchange()
    let tries = 0
    const { taken } = listening(old, async () => {
      if (tries++ > 0) throw new Error('no markets')
      await isAsked(old)
      old.say('1')
      for (let step = 0; step < steps; step++) await Promise.resolve()
      throw new Error('no markets')
    })
    await vi.waitFor(() => expect(taken).toContain('1'), { timeout: 30_000 })
    await isAsked(old)
    old.say('2')
    await vi.waitFor(() => expect(taken.slice(0, 2)).toEqual(['1', '2']))
  },
)

it('tells a hole that begins where the new line breaks off while the old one is down', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const { taken } = listening(old, async () => fresh)
  await isAsked(fresh)
  await isAsked(old)
  old.say('1')
  await vi.waitFor(() => expect(taken).toEqual(['1']))
  await isAsked(old)
  old.breakOff()
  await vi.waitFor(() => expect(taken).toEqual(['1', 'cut']))
  // While the old one waits to be opened anew.
  fresh.say('2')
  await isAsked(fresh)
  fresh.breakOff()
  await vi.waitFor(() => expect(taken).toEqual(['1', 'cut', '2', 'cut']))
})

it('closes both lines where who listens fails', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const onEvent = ({ type }: RecordEvent): void => {
    if (type === 'line' && fresh.isAsked) throw new Error('of the listener')
  }
  const { done } = listening(old, async () => fresh, { onEvent })
  await isAsked(fresh)
  await isAsked(old)
  old.breakOff()
  await expect(done).rejects.toThrow('of the listener')
  await vi.waitFor(() => expect([old.closed, fresh.closed]).toEqual([true, true]))
})

it('goes on with the new line though the old one never closes, and says so', async () => {
  const [old, fresh] = [new Exchange(), new Exchange()]
  const forever = withResolvers<void>()
  old.close = fresh.close = () => forever.promise
  let isMade = false
  const make = async (): Promise<TradeExchange> => {
    if (isMade) throw new Error('no markets')
    isMade = true
    return fresh
  }
  const { taken, told, end } = listening(old, make, { overlapMs: 1, closeMs: 20 })
  await isAsked(fresh)
  fresh.say('1')
  const error = new Error('an exchange object did not close within 20 ms')
  await vi.waitFor(() => expect(told).toContainEqual({ type: 'error', pair: null, error }))
  await isAsked(fresh)
  fresh.say('2')
  await vi.waitFor(() => expect(taken).toEqual(['1', '2']))
  await end()
})
