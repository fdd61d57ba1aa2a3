import { readFile } from 'node:fs/promises'
import { Logger } from '@valkey/valkey-glide'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withPlainClient } from '../../../src/valkey/local/plain-client.ts'
import { connectValkey } from '../../../src/valkey/connect.ts'
import type { ValkeyConnectionOptions } from '../../../src/valkey/connection-options.ts'
import type { ValkeyClient } from '../../../src/valkey/valkey-client.ts'
import { readingScript, writingScript } from '../../../src/valkey/server-script.ts'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import type { MirrorEvent } from '../../../src/mirror/read/watch.ts'
import { clusterUser, mirrorAcl, mirrorAndReaderAcl } from '../../support/mirror-acl.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { readOrderStrictly } from '../../support/strict-order.ts'
import { startCluster } from '../../support/valkey-cluster.ts'
import { startSentinelSet } from '../../support/valkey-sentinel.ts'
import type { SentinelSet } from '../../support/valkey-sentinel.ts'
import { startValkey } from '../../support/valkey.ts'

// It writes every refusal that these tests provoke to the console.
Logger.init('off')

/** A server that runs, and how to reach it. */
interface Reached {
  readonly options: ValkeyConnectionOptions
  stop(): Promise<void>
}

/** A way to reach a server, and how to make it. */
interface Way {
  readonly name: string
  readonly keyPrefix?: string
  readonly start: () => Promise<Reached>
}

const tcp = async (): Promise<Reached> => {
  const server = await startValkey()
  return { options: { url: server.url }, stop: () => server.stop() }
}
const tlsAndAcl = async (): Promise<Reached> => {
  const server = await startValkey({ tls: true, acl: mirrorAcl('secret') })
  const ca = await readFile(server.certificates!.ca, 'utf8')
  const url = `valkeys://mirror:secret@localhost:${server.port}`
  return { options: { url, tls: { ca } }, stop: () => server.stop() }
}
const cluster = async (): Promise<Reached> => {
  const servers = await startCluster()
  const nodes = servers.nodes.map(({ host, port }) => ({ host, port }))
  const user = clusterUser('secret', '{mx}:')
  for (const node of servers.nodes)
    await withPlainClient(node, (send) => send('ACL', 'SETUSER', ...user))
  const options = { cluster: { nodes }, username: 'mirror', password: 'secret' }
  return { options, stop: () => servers.stop() }
}

const ways: readonly Way[] = [
  { name: 'redis over TCP', start: tcp },
  {
    name: 'redis over a Unix socket',
    start: async () => {
      const server = await startValkey({ unixSocket: true })
      return { options: { socketPath: server.socketPath! }, stop: () => server.stop() }
    },
  },
  { name: 'redis over TLS with the least rights', start: tlsAndAcl },
  { name: 'redis in a cluster with the least rights', keyPrefix: '{mx}:', start: cluster },
  {
    name: 'redis through Sentinel',
    start: async () => {
      const set = await startSentinelSet()
      return {
        options: { sentinel: { name: set.name, nodes: set.nodes } },
        stop: () => set.stop(),
      }
    },
  },
  { name: 'glide over TCP', start: withGlide(tcp) },
  { name: 'glide over TLS with the least rights', start: withGlide(tlsAndAcl) },
  {
    name: 'glide in a cluster with the least rights',
    keyPrefix: '{mx}:',
    start: withGlide(cluster),
  },
]

function withGlide(start: Way['start']): Way['start'] {
  return async () => {
    const server = await start()
    return { options: { ...server.options, adapter: 'glide' }, stop: () => server.stop() }
  }
}

describe.each(ways)('$name', ({ keyPrefix = '', ...way }) => {
  let options: ValkeyConnectionOptions
  let stop: () => Promise<void>
  let client: ValkeyClient
  const key = (name: string): string => `${keyPrefix}mirror:${name}`

  beforeAll(async () => {
    const server = await way.start()
    options = server.options
    stop = () => server.stop()
    client = await connectValkey(options)
  })
  afterAll(async () => {
    await client.close()
    await stop()
  })

  it('answers with text, integers, null and lists', async () => {
    await client.command(['HSET', key('h'), 'a', '1.10', 'b', 'ü'])
    expect(await client.command(['HGET', key('h'), 'b'])).toBe('ü')
    expect(await client.command(['HMGET', key('h'), 'a', 'none'])).toEqual(['1.10', null])
    expect(await client.command(['SADD', key('s'), 'x'])).toBe(1)
    expect(await client.command(['SMEMBERS', key('s')])).toEqual(['x'])
    expect(await client.command(['HVALS', key('none')])).toEqual([])
  })

  it('runs scripts, also ones that the server has not seen', async () => {
    const unique = `-- ${Date.now()} ${Math.random()}`
    const add = writingScript(`${unique}\nreturn redis.call('SADD', KEYS[1], ARGV[1], ARGV[2])`)
    expect(await client.script(add, [key('seen')], ['1', '2'])).toBe(2)
    expect(await client.script(add, [key('seen')], ['2', '3'])).toBe(1)
    const read = readingScript(`return {redis.call('SMEMBERS', KEYS[1]), 7, false, 'x'}`)
    const [members, ...rest] = (await client.script(read, [key('seen')], [])) as [string[], number]
    expect(members.sort()).toEqual(['1', '2', '3'])
    expect(rest).toEqual([7, null, 'x'])
  })

  it('does not let a reading script write', async () => {
    const script = readingScript(`return redis.call('HSET', KEYS[1], 'a', 'b')`)
    await expect(client.script(script, [key('h2')], [])).rejects.toMatchObject({
      code: 'VALKEY_REFUSED',
    })
  })

  it('names what the server refuses', async () => {
    await client.command(['SADD', key('set'), '1'])
    await expect(client.command(['HGET', key('set'), 'a'])).rejects.toMatchObject({
      code: 'VALKEY_WRONG_TYPE',
    })
    await expect(client.command(['HSET', key('h3'), 'odd'])).rejects.toMatchObject({
      code: 'VALKEY_REFUSED',
    })
  })

  it('delivers what is published, in order, until it is told to stop', async () => {
    const channel = key('talk')
    const heard: string[] = []
    const speak = writingScript(`return redis.call('PUBLISH', ARGV[1], ARGV[2])`)
    const stopListening = await client.subscribe(channel, (message) => heard.push(message))
    for (const word of ['one', 'two', 'three'])
      await client.script(speak, [key('fence')], [channel, word])
    await expect.poll(() => heard).toEqual(['one', 'two', 'three'])
    await stopListening()
    await client.script(speak, [key('fence')], [channel, 'four'])
    await client.command(['GET', key('sequence')])
    expect(heard).toEqual(['one', 'two', 'three'])
  })

  it('carries a whole mirror', async () => {
    await using mirror = await ValkeyMirror.open({ ...options, keyPrefix })
    const events: MirrorEvent[] = []
    const watching = new AbortController()
    const watcher = (async () => {
      for await (const event of mirror.watch({ signal: watching.signal })) events.push(event)
    })()
    await expect.poll(() => events.length).toBe(1)
    await mirror.applyOrders(Array.from({ length: 1_500 }, (_, id) => openOrder(`${id}`)))
    await mirror.applyBalances([{ asset: 'BTC', free: '1.10000000', used: '0.5' }])
    await mirror.applyFills([
      {
        id: 'f1',
        order: '7',
        symbol: 'BTC/USDT',
        side: 'buy',
        price: '2.50',
        amount: '0.4',
        timestamp: 1_700_000_000_001,
      },
    ])
    await mirror.applyTransfers([
      { id: 't', type: 'deposit', currency: 'USDT', amount: '5', timestamp: 1_700_000_000_000 },
    ])
    await mirror.applyTicker({ symbol: 'BTC/USDT', last: '2.5', timestamp: 1_700_000_000_000 })
    expect(await mirror.listOpenOrders('BTC/USDT')).toHaveLength(1_500)
    for (const json of (await client.command(['HVALS', `${keyPrefix}orders`])) as string[])
      readOrderStrictly(json)
    expect(await mirror.getBalances()).toEqual([
      { asset: 'BTC', free: '1.10000000', used: '0.5', total: '1.60000000' },
    ])
    expect(await mirror.getTradeStats()).toMatchObject([
      { side: 'buy', base: 'BTC', count: { USDT: 1 }, notional: { USDT: '1.000' } },
    ])
    expect(await mirror.drift()).toEqual([])
    const { sequence } = await lastSequence(mirror)
    await expect.poll(() => events.at(-1)?.sequence).toBe(sequence)
    watching.abort()
    await watcher
    expect(events.filter(({ type }) => type === 'snapshot')).toHaveLength(1)
  })
})

async function lastSequence(mirror: ValkeyMirror): Promise<{ sequence: number }> {
  for await (const { sequence } of mirror.watch()) return { sequence }
  throw new Error('no snapshot')
}

describe('a user that may only read', () => {
  it('reads and watches everything, and can write nothing', async () => {
    await using server = await startValkey({ acl: mirrorAndReaderAcl('secret') })
    const at = (user: string): string => `valkey://${user}:secret@127.0.0.1:${server.port}`
    await using mirror = await ValkeyMirror.open({ url: at('mirror') })
    await mirror.applyOrder(openOrder('1'))
    await using reader = await MirrorReader.open({ url: at('reader') })
    expect((await reader.getOrder('1'))?.history).toHaveLength(1)
    expect(await reader.getOrderBook('BTC/USDT')).toMatchObject({ bids: [{ orders: 1 }] })
    expect(await reader.getTradeStats()).toEqual([])
    expect([await reader.getBalances(), await reader.listFills()]).toEqual([[], []])
    expect([await reader.listTickers(), await reader.listTransfers()]).toEqual([[], []])
    for await (const { sequence } of reader.watch()) {
      expect(sequence).toBe(1)
      break
    }
    await expect(ValkeyMirror.open({ url: at('reader') })).rejects.toMatchObject({
      code: 'VALKEY_AUTH',
    })
    expect(await mirror.drift()).toEqual([])
    await mirror.applyOrder(openOrder('2'))
  })
})

describe('the wrong password', () => {
  it.each(['redis', 'glide'] as const)('is VALKEY_AUTH with %s', async (adapter) => {
    await using server = await startValkey({ acl: mirrorAcl('secret') })
    const url = `valkey://mirror:wrong@127.0.0.1:${server.port}`
    await expect(ValkeyMirror.open({ url, adapter })).rejects.toMatchObject({ code: 'VALKEY_AUTH' })
  })

  it.each(['redis', 'glide'] as const)(
    'a right too few is VALKEY_AUTH with %s',
    async (adapter) => {
      const acl = mirrorAcl('secret').map((line) => line.replace('~balances', ''))
      await using server = await startValkey({ acl })
      const url = `valkey://mirror:secret@127.0.0.1:${server.port}`
      await expect(ValkeyMirror.open({ url, adapter })).rejects.toMatchObject({
        code: 'VALKEY_AUTH',
      })
    },
  )

  it.each(['redis', 'glide'] as const)(
    'no server is VALKEY_UNREACHABLE with %s',
    async (adapter) => {
      const server = await startValkey()
      await server.stop()
      await expect(
        connectValkey({ url: server.url, adapter, connectTimeoutMs: 500 }),
      ).rejects.toMatchObject({ code: 'VALKEY_UNREACHABLE' })
    },
  )
})

describe('a Sentinel failover', () => {
  let set: SentinelSet
  beforeAll(async () => {
    set = await startSentinelSet()
  })
  afterAll(() => set.stop())

  it('loses nothing that the writer still knows', async () => {
    await using mirror = await ValkeyMirror.open({
      sentinel: { name: set.name, nodes: set.nodes },
      writeTimeoutMs: 60_000,
      socketTimeoutMs: 1_000,
    })
    await mirror.applyOrders(Array.from({ length: 50 }, (_, id) => openOrder(`${id}`)))
    await set.primary.kill()
    await mirror.applyOrder(openOrder('after'))
    expect(await mirror.listOpenOrders()).toHaveLength(51)
    expect(await mirror.drift()).toEqual([])
  })
})
