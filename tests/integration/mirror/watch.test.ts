import { getEventListeners } from 'node:events'
import { GuardedClient } from '../../../src/mirror/stored/guarded-client.ts'
import { systemClock } from '../../../src/mirror/model/clock.ts'
import { describe, expect, it } from 'vitest'
import { connectValkey } from '../../../src/valkey/connect.ts'
import type { ValkeyClient } from '../../../src/valkey/valkey-client.ts'
import { MirrorKeys } from '../../../src/mirror/stored/keys.ts'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { watchMirror } from '../../../src/mirror/read/watch.ts'
import type { MirrorEvent } from '../../../src/mirror/read/watch.ts'
import { SimulatedAccount } from '../../support/simulated-account.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey, startValkey } from '../../support/valkey.ts'
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
    await using server = await emptyValkey()
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

  it('follows a new writer after a flush, while its sequence is still below the old one', async () => {
    await using server = await emptyValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    await using whole = await readWhole(server.port)
    const older = await ValkeyMirror.open({ url: server.url })
    for (const id of ['1', '2', '3', '4', '5']) await older.applyOrder(openOrder(id))
    // Without a heartbeat only the message itself can tell.
    const events = reader.watch({ heartbeatMs: 3_600_000 })
    expect((await events.next()).value).toMatchObject({ reason: 'start', sequence: 5 })
    await older.close()
    await whole.send('FLUSHALL')
    await using newer = await ValkeyMirror.open({ url: server.url })
    await newer.applyOrder(openOrder('6'))
    expect((await events.next()).value).toMatchObject({
      reason: 'epoch',
      sequence: 1,
      openOrders: [{ id: '6' }],
    })
    await newer.applyOrder(openOrder('7'))
    expect((await events.next()).value).toMatchObject({ type: 'change', orders: [{ id: '7' }] })
    await events.return()
  })

  it('a take-over begins a new epoch also where there is one', async () => {
    await using server = await emptyValkey()
    await using whole = await readWhole(server.port)
    const epochs = new Set<unknown>()
    for (let round = 0; round < 3; round++) {
      await using _mirror = await ValkeyMirror.open({ url: server.url })
      epochs.add(await whole.send('GET', 'mirror:epoch'))
    }
    expect(epochs.size).toBe(3)
  })

  it('remembers a reconnect that comes while its consumer is busy', async () => {
    await using server = await emptyValkey()
    await using whole = await readWhole(server.port)
    const client = await connectValkey({ url: server.url })
    const reconnects: (() => void)[] = []
    const wired: ValkeyClient = {
      command: (args) => client.command(args),
      script: (script, keys, args) => client.script(script, keys, args),
      subscribe: (channel, listener) => client.subscribe(channel, listener),
      onReconnect: (listener) => {
        reconnects.push(listener)
        return () => undefined
      },
      close: () => client.close(),
    }
    const events = watchMirror(new GuardedClient(wired), new MirrorKeys(''), systemClock, {
      heartbeatMs: 3_600_000,
    })
    expect((await events.next()).value).toMatchObject({ reason: 'start' })
    // Its message was lost with the connection.
    await whole.send('INCR', 'mirror:sequence')
    for (const reconnect of reconnects) reconnect()
    expect((await events.next()).value).toMatchObject({ reason: 'gap', sequence: 1 })
    await events.return()
    await client.close()
  })

  it('tells that a balance is gone', async () => {
    await using server = await emptyValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const [btc, eth] = ['BTC', 'ETH'].map((asset) => ({ asset, free: '5', used: '0' }))
    await mirror.applyBalances([btc!, eth!])
    const events = reader.watch()
    await events.next()
    await mirror.reconcile({ openOrders: [], balances: [eth!] })
    expect((await events.next()).value).toMatchObject({ balances: [], gone: ['BTC'] })
    await mirror.applyBalances([btc!])
    expect((await events.next()).value).toMatchObject({ balances: [{ asset: 'BTC' }], gone: [] })
    await events.return()
  })

  it('passes over what somebody else says on its channel', async () => {
    await using server = await emptyValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    await using whole = await readWhole(server.port)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const events = reader.watch()
    await events.next()
    for (const words of ['hello', 'null', '7']) await whole.send('PUBLISH', 'mirror:changes', words)
    await mirror.applyOrder(openOrder('1'))
    expect((await events.next()).value).toMatchObject({ type: 'change', orders: [{ id: '1' }] })
    await events.return()
  })

  it('leaves nothing on the signal when it ends', async () => {
    await using server = await emptyValkey()
    await using reader = await MirrorReader.open({ url: server.url })
    const { signal } = new AbortController()
    for await (const event of reader.watch({ signal })) {
      expect(event.type).toBe('snapshot')
      break
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('ends when its consumer leaves the loop', async () => {
    await using server = await emptyValkey()
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
