import { describe, expect, it } from 'vitest'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import type { MirrorEvent } from '../../../src/mirror/watch.ts'
import { SimulatedAccount } from '../../support/simulated-account.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

/** What a watcher knows after the events it got: the open orders with their filled amounts. */
function known(events: readonly MirrorEvent[]): Map<string, string> {
  const open = new Map<string, string>()
  for (const event of events) {
    if (event.type === 'snapshot') open.clear()
    for (const { id, status, filled } of event.type === 'snapshot'
      ? event.openOrders
      : event.orders)
      if (status === 'new' || status === 'partially_filled') open.set(id, filled)
      else open.delete(id)
  }
  return open
}

/** Watches in the background until it is stopped. */
function watching(reader: MirrorReader): { events: MirrorEvent[]; stop(): Promise<void> } {
  const events: MirrorEvent[] = []
  const stopping = new AbortController()
  const done = (async () => {
    for await (const event of reader.watch({ signal: stopping.signal, heartbeatMs: 200 }))
      events.push(event)
  })()
  return {
    events,
    stop: async () => {
      stopping.abort()
      await done
    },
  }
}

describe('watch', () => {
  it('tells every change, so that a watcher knows what is mirrored', async () => {
    await using server = await startValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const account = new SimulatedAccount(3)
    const watcher = watching(reader)
    while (account.steps < 400) {
      const { orders, fills, balances } = account.step()
      await Promise.all([
        mirror.applyOrders(orders),
        mirror.applyFills(fills),
        mirror.applyBalances(balances),
      ])
    }
    const truth = new Map(
      (await account.fetchOpenOrders()).map(({ id, filled }) => [id!, String(filled)]),
    )
    await expect.poll(() => known(watcher.events), { timeout: 10_000 }).toEqual(truth)
    await watcher.stop()
    const sequences = watcher.events.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
    expect(watcher.events[0]).toMatchObject({ type: 'snapshot', reason: 'start' })
  })

  it('resyncs after a lost message, a flush, and a server that was away', async () => {
    await using server = await startValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    await using whole = await readWhole(server.port)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const watcher = watching(reader)
    await mirror.applyOrder(openOrder('1'))
    await expect.poll(() => known(watcher.events).size).toBe(1)
    // A write whose message got lost: only the sequence shows it.
    const forged = String(await whole.send('HGET', 'orders', '1')).replaceAll('"1"', '"2"')
    await whole.send('HSET', 'orders', '2', forged)
    await whole.send('SADD', 'open:set', '2')
    await whole.send('INCR', 'mirror:sequence')
    await expect
      .poll(() => watcher.events.at(-1))
      .toMatchObject({ type: 'snapshot', reason: 'gap' })
    expect([...known(watcher.events).keys()].sort()).toEqual(['1', '2'])
    await whole.send('FLUSHALL')
    await expect.poll(() => known(watcher.events).size).toBe(0)
    await mirror.applyOrder(openOrder('3'))
    await expect.poll(() => [...known(watcher.events).keys()].sort()).toEqual(['1', '3'])
    await server.restart()
    await mirror.applyOrder(openOrder('4'))
    await expect
      .poll(() => [...known(watcher.events).keys()].sort(), { timeout: 10_000 })
      .toEqual(['1', '3', '4'])
    await watcher.stop()
  })

  it('ends when its consumer leaves the loop', async () => {
    await using server = await startValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    await using whole = await readWhole(server.port)
    for await (const event of reader.watch()) {
      expect(event).toMatchObject({ type: 'snapshot', openOrders: [], sequence: 0 })
      expect(await whole.send('PUBSUB', 'NUMSUB', 'mirror:changes')).toEqual(['mirror:changes', 1])
      break
    }
    await expect
      .poll(() => whole.send('PUBSUB', 'NUMSUB', 'mirror:changes'))
      .toEqual(['mirror:changes', 0])
  })
})
