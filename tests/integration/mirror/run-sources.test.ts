import { describe, expect, it } from 'vitest'
import { PairduckError } from '../../../src/errors.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { quietSource } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const dayMs = 86_400_000
const overlapMs = 600_000
const forever = async (): Promise<never> => new Promise<never>(() => undefined)

function incomplete(list: string, openOrders?: unknown): PairduckError {
  return new PairduckError('EXCHANGE_INCOMPLETE', list, { list, openOrders })
}

/** The time from which a run first fetches fills. */
async function firstSince(mirror: ValkeyMirror): Promise<number> {
  const stopping = new AbortController()
  let first: number | undefined
  const fetchFills = async (since: number): Promise<never[]> => {
    first ??= since
    stopping.abort()
    return []
  }
  await mirror.run(quietSource({ fetchFills }), { signal: stopping.signal })
  return first!
}

describe('run', () => {
  it('goes on where the last complete fetch ended, however long ago, else a day back', async () => {
    await using server = await emptyValkey()
    await (async () => {
      await using first = await ValkeyMirror.open({ url: server.url })
      expect(Math.abs(Date.now() - dayMs - (await firstSince(first)))).toBeLessThan(60_000)
    })()
    const longAgo = Date.now() - 3 * dayMs
    await using second = await ValkeyMirror.open({ url: server.url, keyPrefix: 'old:' })
    await second.reconcile({ openOrders: [], completeToMs: longAgo })
    await using third = await ValkeyMirror.open({ url: server.url, keyPrefix: 'old:' })
    expect(await firstSince(third)).toBe(longAgo - overlapMs)
  })

  it('mirrors orders though fills can’t be had, and fetches those from the same time again', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const stopping = new AbortController()
    const asked: number[] = []
    const told: unknown[] = []
    mirror.on('error', (error) => told.push(error))
    const fetchFills = async (since: number): Promise<never> => {
      asked.push(since)
      if (asked.length === 3) stopping.abort()
      throw new Error('no trades today')
    }
    await mirror.run(quietSource({ fetchFills, fetchOpenOrders: async () => [openOrder('1')] }), {
      signal: stopping.signal,
      reconcileEveryMs: 10,
      sinceMs: 1,
    })
    expect(asked).toEqual([1, 1, 1])
    expect(String(told[0])).toContain('no trades today')
    expect((await mirror.listOpenOrders()).map(({ id }) => id)).toEqual(['1'])
  })

  it('goes on from no time in microseconds, of a list or of the exchange’s clock', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const stopping = new AbortController()
    const asked: number[] = []
    const source = quietSource({
      fetchTime: async () => Date.now() * 1_000,
      fetchFills: async (since) => {
        asked.push(since)
        if (asked.length === 3) stopping.abort()
        return [{ id: '1', timestamp: Date.now() * 1_000 }] as never
      },
    })
    await mirror.run(source, { signal: stopping.signal, reconcileEveryMs: 10 })
    for (const since of asked) expect(since).toBeLessThan(Date.now())
  })

  it('tells once what an exchange can’t give whole, and mirrors the rest', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const stopping = new AbortController()
    const told: unknown[] = []
    mirror.on('error', (error) => told.push(error))
    let asked = 0
    let rounds = 0
    const run = mirror.run(
      quietSource({
        fetchFills: async () => {
          asked += 1
          throw incomplete('own trades')
        },
        fetchOpenOrders: async () => {
          throw incomplete('open orders', [openOrder('1')])
        },
        fetchBalances: async () => {
          if (++rounds === 4) stopping.abort()
          return [{ asset: 'BTC', free: '1', used: '0' }]
        },
      }),
      { signal: stopping.signal, reconcileEveryMs: 10 },
    )
    await run
    expect(asked).toBe(1)
    expect(told.map((error) => (error as Error).message).sort()).toEqual([
      'open orders',
      'own trades',
    ])
    expect(await mirror.listOpenOrders()).toMatchObject([{ id: '1' }])
    expect(await mirror.getBalances()).toMatchObject([{ asset: 'BTC' }])
    // The next run asks for these trades again, from the same time.
    await using reader = await readWhole(server.port)
    expect(await reader.send('HGET', 'mirror:since', 'completed')).toBeNull()
  })

  it('is held up by no source that hangs: neither changes, nor its end, nor close', async () => {
    await using server = await emptyValkey()
    const hanging = quietSource({ fetchOpenOrders: forever })
    const mirror = await ValkeyMirror.open({ url: server.url, sourceTimeoutMs: 20 })
    const stopping = new AbortController()
    const running = mirror.run(hanging, { signal: stopping.signal })
    await expect(mirror.drift()).rejects.toMatchObject({ code: 'EXCHANGE_FAILED' })
    expect(await mirror.applyOrder(openOrder('1'))).toMatchObject({ written: 1 })
    const resolved = await mirror.reconcile({ openOrders: [] }, forever)
    expect([...resolved.failures.values()]).toMatchObject([{ code: 'EXCHANGE_FAILED' }])
    stopping.abort()
    await running
    await mirror.close()

    const patient = await ValkeyMirror.open({ url: server.url })
    const ending = new AbortController()
    const deaf = { [Symbol.asyncIterator]: () => ({ next: forever }) }
    const waiting = patient.run({ ...hanging, watchOrders: () => deaf }, { signal: ending.signal })
    ending.abort()
    await waiting
    const snapshot = patient.reconcile(forever)
    const closing = patient.close()
    await expect(snapshot).rejects.toMatchObject({ code: 'CLOSED' })
    await closing
  })
})
