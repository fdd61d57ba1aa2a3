import { describe, expect, it, vi } from 'vitest'
import { connectValkey } from '../../../src/valkey/connect.ts'
import { restoreScript } from '../../../src/mirror/write/fence-scripts.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { deafClient, lateClient } from '../../support/hard-of-hearing.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const symbols = ['BTC/USDT']

async function openIds(mirror: ValkeyMirror): Promise<string[]> {
  return (await mirror.listOpenOrders()).map(({ id }) => id).sort()
}

describe('two writers', () => {
  it('the older gets FENCED in every call, and nothing of it is visible', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await using older = await ValkeyMirror.open({ url: server.url, writerId: 'older' })
    await older.applyOrder(openOrder('before'))
    await using newer = await ValkeyMirror.open({ url: server.url, writerId: 'newer' })
    const calls = [
      older.applyOrder(openOrder('after')),
      older.applyOrder(openOrder('before')),
      older.applyBalances([{ asset: 'BTC', free: '1', used: '0' }]),
      older.applyTicker({ symbol: 'BTC/USDT', last: '1', timestamp: 1_700_000_000_000 }),
      older.reconcile({ openOrders: [] }),
      older.drift(),
    ]
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'FENCED' } })
    expect([...(await reader.read(symbols)).orders.keys()]).toEqual(['before'])
    expect(await reader.send('EXISTS', 'balances', 'tickers:BTC/USDT')).toBe(0)
    await newer.applyOrder(openOrder('newer'))
    expect([...(await reader.read(symbols)).open].sort()).toEqual(['before', 'newer'])
    expect(await reader.send('GET', 'engine:leader')).toBe('newer')
  })

  it.each(['redis', 'glide'] as const)(
    'in two databases know nothing of each other, nor do their watchers, with %s',
    async (adapter) => {
      await using server = await emptyValkey()
      const urls = [server.url, `${server.url}/1`]
      await using first = await ValkeyMirror.open({ url: urls[0]!, adapter })
      await first.applyOrder(openOrder('first'))
      const stop = new AbortController()
      const heard: unknown[] = []
      const watching = (async () => {
        for await (const event of first.watch({ signal: stop.signal })) {
          heard.push(event.type === 'change' ? event.orders.map(({ id }) => id) : event.type)
          if (heard.length === 2) return
        }
      })()
      await expect.poll(() => heard).toEqual(['snapshot'])
      await using second = await ValkeyMirror.open({ url: urls[1]!, adapter })
      await second.applyOrder(openOrder('second'))
      await first.applyOrder(openOrder('third'))
      await second.applyOrder(openOrder('fourth'))
      await watching
      expect(heard).toEqual(['snapshot', ['third']])
      expect(await openIds(first)).toEqual(['first', 'third'])
      expect(await openIds(second)).toEqual(['fourth', 'second'])
    },
  )

  it('a flush in between does not let the older one back in', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    for (let round = 0; round < 20; round++) {
      await using older = await ValkeyMirror.open({ url: server.url, writerId: 'older' })
      await older.applyOrder(openOrder('old'))
      await using newer = await ValkeyMirror.open({ url: server.url, writerId: 'newer' })
      await newer.applyOrder(openOrder('new'))
      await reader.send('FLUSHALL')
      const [late, good] = await Promise.allSettled([
        older.applyOrder(openOrder('late')),
        newer.applyOrder(openOrder('newest')),
      ])
      expect(late).toMatchObject({ status: 'rejected', reason: { code: 'FENCED' } })
      expect(good.status).toBe('fulfilled')
      // What the newer one had read and written is there again.
      const { open } = await reader.read(symbols)
      expect([...open].sort()).toEqual(['new', 'newest', 'old'])
      await reader.send('FLUSHALL')
    }
  })

  it.each([
    ['hears the newer', (url: string) => connectValkey({ url })],
    ['hears nothing', deafClient],
  ] as const)(
    'a flush and a take-over from a machine whose clock is behind do not let in an older that %s',
    async (_, connect) => {
      await using server = await emptyValkey()
      await using reader = await readWhole(server.port)
      const client = await connect(server.url)
      await using older = await ValkeyMirror.open({ client, writerId: 'older' })
      await older.applyOrder(openOrder('before'))
      await reader.send('FLUSHALL')
      const behind = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000)
      await using newer = await ValkeyMirror.open({ url: server.url, writerId: 'newer' })
      behind.mockRestore()
      await expect(older.applyOrder(openOrder('late'))).rejects.toMatchObject({ code: 'FENCED' })
      await newer.applyOrder(openOrder('new'))
      expect([...(await reader.read(symbols)).open]).toEqual(['new'])
      await client.close()
    },
  )

  it("a token is the server's time, not that of the writer's machine", async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const micros = async (): Promise<number> => {
      const [seconds, rest] = (await reader.send('TIME')) as [string, string]
      return Number(seconds) * 1e6 + Number(rest)
    }
    const behind = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000)
    const before = await micros()
    await using _mirror = await ValkeyMirror.open({ url: server.url })
    const token = Number.parseInt(String(await reader.send('GET', 'mirror:fence')), 10)
    behind.mockRestore()
    expect(token).toBeGreaterThan(before)
    expect(token).toBeLessThan(await micros())
  })

  it("a token is put back over no other writer's, not over one with a smaller number either", async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const client = await connectValkey({ url: server.url })
    const keys = ['mirror:fence', 'mirror:epoch', 'mirror:sequence', 'engine:leader']
    const restore = (): Promise<unknown> =>
      client.script(restoreScript, keys, ['9:older:a', 'epoch', '5', 'older', '1000'])
    await reader.send('SET', 'mirror:fence', '1:newer:b')
    expect(await restore()).toEqual(['FENCED', '1:newer:b'])
    expect(await reader.send('EXISTS', ...keys)).toBe(1)
    await reader.send('FLUSHALL')
    expect(await restore()).toEqual(['OK', '6'])
    await client.close()
  })

  it('a newer with a smaller number ends an older that hears it, as after a clock set back', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await using older = await ValkeyMirror.open({ url: server.url, writerId: 'older' })
    const lost = new Promise((resolve) => older.on('fenced', resolve))
    await older.applyOrder(openOrder('before'))
    await reader.send('PUBLISH', 'mirror:writers', '1:newer:b')
    expect(await lost).toMatchObject({ code: 'FENCED' })
  })

  it('the older is stopped by the server itself when it hears nothing of the newer', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const client = await deafClient(server.url)
    await using older = await ValkeyMirror.open({ client, writerId: 'older' })
    await older.applyOrder(openOrder('before'))
    await using _newer = await ValkeyMirror.open({ url: server.url, writerId: 'newer' })
    await expect(older.applyOrder(openOrder('late'))).rejects.toMatchObject({ code: 'FENCED' })
    await reader.send('FLUSHALL')
    await expect(older.applyOrder(openOrder('later'))).rejects.toMatchObject({ code: 'FENCED' })
    expect((await reader.read(symbols)).orders.size).toBe(0)
    await client.close()
  })

  it('the older listens up before it puts its token back after a flush', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const client = await lateClient(server.url)
    await using older = await ValkeyMirror.open({ client, writerId: 'older' })
    await older.applyOrder(openOrder('before'))
    await using _newer = await ValkeyMirror.open({ url: server.url, writerId: 'newer' })
    await reader.send('FLUSHALL')
    await expect(older.applyOrder(openOrder('late'))).rejects.toMatchObject({ code: 'FENCED' })
    expect((await reader.read(symbols)).orders.size).toBe(0)
    await client.close()
  })

  it('of many that open at once, the last one to take over writes, the others do not', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const mirrors = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        ValkeyMirror.open({ url: server.url, writerId: `w${index}` }),
      ),
    )
    const calls = await Promise.allSettled(
      mirrors.map((mirror, index) => mirror.applyOrder(openOrder(`o${index}`))),
    )
    const wrote = calls.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    expect(wrote).toHaveLength(1)
    expect([...(await reader.read(symbols)).orders.keys()]).toEqual([`o${wrote[0]}`])
    await Promise.all(mirrors.map((mirror) => mirror.close()))
  })
})

describe('one writer', () => {
  it('writes everything again after a flush, before its next change', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const rewritten: unknown[] = []
    mirror.on('rewritten', () => rewritten.push(1))
    await mirror.applyOrders([openOrder('1'), openOrder('2', { status: 'canceled' })])
    await mirror.applyBalances([{ asset: 'BTC', free: '1.50', used: '0' }])
    await mirror.applyTicker({ symbol: 'BTC/USDT', last: '2', timestamp: 1_700_000_000_000 })
    await mirror.applyFills([
      {
        id: 'f',
        order: '1',
        symbol: 'BTC/USDT',
        side: 'buy',
        price: '2',
        amount: '0.5',
        timestamp: 1_700_000_000_000,
      },
    ])
    await mirror.applyTransfers([
      { id: 't', type: 'withdrawal', currency: 'BTC', amount: '3', timestamp: 1_700_000_000_000 },
    ])
    const before = await everything((...args) => reader.send(...args))
    await reader.send('FLUSHALL')
    // A repeated event changes nothing, and yet must not be answered by an empty server.
    expect(await mirror.applyOrder(openOrder('1'))).toMatchObject({ written: 0, unchanged: 1 })
    expect(await everything((...args) => reader.send(...args))).toEqual(before)
    expect(rewritten).toHaveLength(1)
  })

  it('notices that the server went back to an older state, and writes the rest again', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    for (const id of ['1', '2', '3']) await mirror.applyOrder(openOrder(id))
    // As after a failover to a replica that had not got the last two writes.
    await reader.send('HDEL', 'orders', '2', '3')
    await reader.send('SREM', 'open:set', '2', '3')
    await reader.send('SREM', 'open:BTC/USDT', '2', '3')
    await reader.send('SET', 'mirror:sequence', '1')
    await mirror.applyOrder(openOrder('4'))
    expect([...(await reader.read(symbols)).open].sort()).toEqual(['1', '2', '3', '4'])
  })

  it('that lost its lease and the fence does not write any more', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const clock = new ManualClock()
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    await reader.send('FLUSHALL')
    clock.advance(30_000)
    await expect(mirror.applyOrder(openOrder('1'))).rejects.toMatchObject({ code: 'FENCED' })
    expect((await reader.read(symbols)).orders.size).toBe(0)
  })

  it('renews the leader key, and gives it back when it closes', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const clock = new ManualClock()
    const mirror = await ValkeyMirror.open({ url: server.url, clock, writerId: 'me' })
    const left = async (): Promise<number> => Number(await reader.send('PTTL', 'engine:leader'))
    expect(await left()).toBeGreaterThan(20_000)
    await reader.send('PEXPIRE', 'engine:leader', '5000')
    clock.advance(10_000)
    await expect.poll(left, { interval: 5 }).toBeGreaterThan(20_000)
    await mirror.close()
    expect(await reader.send('GET', 'engine:leader')).toBeNull()
  })

  it('renews the leader key also while a reconcile waits for its source', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const clock = new ManualClock()
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    const left = async (): Promise<number> => Number(await reader.send('PTTL', 'engine:leader'))
    await mirror.reconcile(async () => {
      await reader.send('PEXPIRE', 'engine:leader', '5000')
      clock.advance(10_000)
      await expect.poll(left, { interval: 5 }).toBeGreaterThan(20_000)
      return { openOrders: [openOrder('1')] }
    })
    expect([...(await reader.read(symbols)).open]).toEqual(['1'])
  })

  it('refuses a database in which a key is of another type, and changes nothing', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await reader.send('SET', 'orders', 'mine')
    await expect(ValkeyMirror.open({ url: server.url })).rejects.toMatchObject({
      code: 'VALKEY_WRONG_TYPE',
      details: { key: 'orders' },
    })
    expect(await reader.send('EXISTS', 'mirror:fence', 'engine:leader')).toBe(0)
    await reader.send('DEL', 'orders')
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await reader.send('SET', 'open:BTC/USDT', 'mine')
    const [bad, good] = await Promise.allSettled([
      mirror.applyOrder(openOrder('1')),
      mirror.applyOrder(openOrder('2', { symbol: 'ETH/USDT' })),
    ])
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'VALKEY_WRONG_TYPE' } })
    expect(good.status).toBe('fulfilled')
    expect(await reader.send('SMEMBERS', 'open:set')).toEqual(['2'])
    expect(await reader.send('HKEYS', 'orders')).toEqual(['2'])
  })
})

/** All keys of ours but the fence's, and when the last unit was written, with their values. */
async function everything(
  send: (...args: string[]) => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const key of ((await send('KEYS', '*')) as string[]).sort()) {
    if (/fence|epoch|sequence|leader|written/.test(key)) continue
    const read = readCommands[String(await send('TYPE', key)) as keyof typeof readCommands](key)
    found[key] = ((await send(...read)) as string[]).sort()
  }
  return found
}

const readCommands = {
  hash: (key: string) => ['HGETALL', key],
  set: (key: string) => ['SMEMBERS', key],
  zset: (key: string) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
} as const
