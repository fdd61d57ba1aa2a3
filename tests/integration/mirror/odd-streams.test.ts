import { describe, expect, it } from 'vitest'
import type { PairduckError } from '../../../src/errors.ts'
import type { AccountSource } from '../../../src/mirror/index.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { quietSource, streamOf } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'

type StreamName = Extract<keyof AccountSource, `watch${string}`>
type Counted = (mirror: ValkeyMirror) => Promise<number>

const atMs = 1_750_000_000_000
const fill = { symbol: 'BTC/USDT', side: 'buy', price: '1', amount: '1', timestamp: atMs }
const nothing = null as never

/** Of each stream an event by its number, and how many of them are mirrored. */
const streams = {
  watchOrders: [
    (number) => openOrder(`${number}`),
    async (mirror) => (await mirror.listOpenOrders()).length,
  ],
  watchFills: [
    (number) => ({ ...fill, id: `${number}` }),
    async (mirror) => (await mirror.listFills()).length,
  ],
  watchBalances: [
    (number) => ({ asset: `A${number}`, free: '1', used: '0' }),
    async (mirror) => (await mirror.getBalances()).length,
  ],
  watchTickers: [
    (number) => ({ symbol: `A${number}/USDT`, last: '1' }),
    async (mirror) => (await mirror.listTickers()).length,
  ],
} satisfies Record<StreamName, [(number: number) => object, Counted]>
const names = Object.keys(streams) as StreamName[]

/** What comes in place of a stream, and what is told of it. */
const odd: readonly [what: string, watch: () => unknown, told: RegExp][] = [
  ['null', () => null, /gave `null` \(null\) instead of an async iterable/],
  ['a list', () => [[]], /gave `\[object Array\]` \(object\) instead of an async iterable/],
  ['a promise', async () => streamOf(AbortSignal.abort()), /gave `\[object Promise\]`/],
  [
    'a failure',
    () => {
      throw new TypeError('no socket')
    },
    /threw instead of giving a stream: TypeError: no socket/,
  ],
  ['no iterator', () => ({ [Symbol.asyncIterator]: () => null }), /instead of an async iterable/],
  [
    'no steps',
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => undefined }) }),
    /gave `undefined` \(undefined\) instead of a step of a stream/,
  ],
  [
    'a stream of null',
    async function* () {
      yield null
    },
    /yielded `null` \(null\) instead of a list/,
  ],
  [
    'a stream of things',
    async function* () {
      yield { id: '1' }
    },
    /yielded `\[object Object\]` \(object\) instead of a list/,
  ],
  ['a stream without anything', async function* () {}, /ended by itself, and is begun again/],
]

/** Runs a source until something is so, and gives the failures that were told. */
async function toldUntil(
  mirror: ValkeyMirror,
  source: AccountSource,
  isSo: (told: readonly PairduckError[]) => Promise<boolean> | boolean,
): Promise<PairduckError[]> {
  const stopping = new AbortController()
  const told: PairduckError[] = []
  const stop = mirror.on('error', (error) => told.push(error as PairduckError))
  const run = mirror.run(source, { signal: stopping.signal, firstRetryMs: 1, lastRetryMs: 50 })
  await expect.poll(() => isSo(told), { timeout: 20_000, interval: 5 }).toBe(true)
  stopping.abort()
  await run
  stop()
  return told
}

describe.each(names)('%s', (member) => {
  const [event, mirrored] = streams[member]

  it.each(odd)('is named when it gives %s', async (_, watch, told) => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const source = quietSource({ [member]: watch })
    const failures = await toldUntil(mirror, source, (errors) => errors.length >= 2)
    for (const failure of failures) {
      expect(failure).toMatchObject({
        code: 'EXCHANGE_FAILED',
        details: { source: 'quiet', member },
      })
      expect(failure.message).toMatch(told)
      expect(failure.message).toContain(`quiet: ${member} `)
    }
  })

  it('refuses null among others, takes these, and goes on', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const refused: string[] = []
    mirror.on('refused', ({ code }) => refused.push(code))
    let opened = 0
    const source = quietSource({
      [member]: (signal: AbortSignal) => {
        opened += 1
        return streamOf<object>(signal, [event(1), nothing, event(2)], [event(3)])
      },
      fetchBalances: async () => Promise.reject(new Error('none')),
    })
    await toldUntil(mirror, source, async () => (await mirrored(mirror)) === 3)
    expect(refused).toEqual([member === 'watchOrders' ? 'INVALID_ORDER' : 'INVALID_EVENT'])
    expect(opened).toBe(1)
  })

  it('takes far more at once than may wait', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url, maxPending: 100 })
    const source = quietSource({
      [member]: (signal: AbortSignal) =>
        streamOf(
          signal,
          Array.from({ length: 1_050 }, (_, number) => event(number)),
        ),
      fetchBalances: async () => Promise.reject(new Error('none')),
    })
    const told = await toldUntil(mirror, source, async () => (await mirrored(mirror)) === 1_050)
    expect(told.filter(({ code }) => code === 'BACKPRESSURE')).toEqual([])
  })

  it('that is always ready leaves the event loop to others', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const source = quietSource({
      [member]: async function* () {
        for (;;) yield []
      },
    })
    const signal = AbortSignal.timeout(50)
    await mirror.run(source, { signal })
    expect(signal.aborted).toBe(true)
  })
})

/** How long it took in an hour until it was opened anew, each time. */
async function pauses(live: (clock: ManualClock) => Promise<void>): Promise<number[]> {
  await using server = await emptyValkey()
  const clock = new ManualClock(atMs)
  await using mirror = await ValkeyMirror.open({ url: server.url, clock })
  const pausesMs: number[] = []
  let brokenMs = 0
  const stopping = new AbortController()
  const source = quietSource({
    watchOrders: async function* () {
      pausesMs.push(clock.monotonicMs() - brokenMs)
      yield [openOrder(`${pausesMs.length}`)]
      await live(clock)
      brokenMs = clock.monotonicMs()
      throw new Error('broken')
    },
  })
  const run = mirror.run(source, { signal: stopping.signal })
  await clock.pass(3_600_000, 1_000)
  stopping.abort()
  await run
  return pausesMs
}

describe('a stream that breaks again and again', () => {
  it('at once, is opened ever more rarely', async () => {
    const pausesMs = await pauses(async () => undefined)
    expect(pausesMs.length).toBeGreaterThan(40)
    expect(pausesMs.length).toBeLessThan(100)
  })

  it('after minutes, is opened anew soon each time', async () => {
    const pausesMs = await pauses(
      (clock) => new Promise((done) => void clock.schedule(120_000, () => done())),
    )
    expect(pausesMs.length).toBeGreaterThan(10)
    expect(Math.max(...pausesMs)).toBeLessThan(5_000)
  })
})

describe('an exchange’s time that jumps', () => {
  it.each(['fetchTime', 'a trade'])(
    'years ahead and back (%s) leaves no trade out',
    async (where) => {
      await using server = await emptyValkey()
      const clock = new ManualClock(atMs)
      await using mirror = await ValkeyMirror.open({ url: server.url, clock })
      const asked: number[] = []
      const aheadMs = Date.UTC(2090, 0)
      const source = quietSource({
        fetchFills: async (sinceMs) => {
          asked.push(sinceMs)
          const timestamp = where === 'a trade' && asked.length === 1 ? aheadMs : clock.now()
          return [{ ...fill, id: `${asked.length}`, timestamp }]
        },
        ...(where === 'fetchTime' && {
          fetchTime: async () => (asked.length === 1 ? aheadMs : clock.now()),
        }),
      })
      const stopping = new AbortController()
      const run = mirror.run(source, { signal: stopping.signal })
      await clock.until(() => asked.length > 4, 1_000)
      stopping.abort()
      await run
      for (const sinceMs of asked) expect(sinceMs).toBeLessThanOrEqual(clock.now())
      expect(asked.at(-1)!).toBeGreaterThan(clock.now() - 86_400_000)
    },
  )
})
