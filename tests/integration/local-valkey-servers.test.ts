import { createClient, createCluster, createSentinel } from '@redis/client'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startCluster } from '../support/valkey-cluster.ts'
import { startSentinelSet } from '../support/valkey-sentinel.ts'
import { startValkey } from '../support/valkey.ts'

// The servers that all other tests of the mirror stand on: each form really serves.

test('a plain server on TCP and on a unix socket', async () => {
  await using server = await startValkey({ unixSocket: true })
  const tcp = await createClient({ socket: { host: server.host, port: server.port } }).connect()
  const unix = await createClient({ socket: { path: server.socketPath!, tls: false } }).connect()
  await tcp.set('k', 'v')
  expect(await unix.get('k')).toBe('v')
  tcp.destroy()
  unix.destroy()
})

test('TLS with an ACL user: a stranger and a wrong authority are refused', async () => {
  await using server = await startValkey({
    tls: true,
    acl: ['user default off', 'user mirror on >secret ~orders +hset +hget +ping'],
  })
  const socket = {
    host: server.host,
    port: server.port,
    tls: true,
    reconnectStrategy: false,
  } as const
  const ca = readFileSync(server.certificates!.ca)
  const user = { username: 'mirror', password: 'secret' }
  const client = await createClient({ ...user, socket: { ...socket, ca } }).connect()
  await client.hSet('orders', '1', '{}')
  await expect(client.hSet('balances', '1', '{}')).rejects.toThrow(/NOPERM/)
  client.destroy()
  await expect(connected({ socket: { ...socket, ca }, ...user, password: 'x' })).rejects.toThrow(
    /WRONGPASS/,
  )
  await expect(connected({ ...user, socket })).rejects.toThrow(/certificate/)
})

test('killed, restarted empty, restarted with its data, paused and resumed', async () => {
  await using kept = await startValkey({ persist: true })
  await using empty = await startValkey()
  for (const server of [kept, empty]) {
    const client = await createClient({ socket: { port: server.port } }).connect()
    await client.set('k', 'v')
    client.destroy()
    await server.restart()
  }
  expect([await get(kept.port), await get(empty.port)]).toEqual(['v', null])
  kept.pause()
  // The kernel stops it at its next turn, not within the call.
  await expect.poll(() => readFileSync(`/proc/${kept.pid}/stat`, 'utf8')).toMatch(/\) T /)
  kept.resume()
  expect(await get(kept.port)).toBe('v')
})

test('a start that fails shows the log', async () => {
  await expect(startValkey({ args: ['--maxclients', 'many'] })).rejects.toThrow(/maxclients/)
})

test('sentinels move to the replica when the primary dies', async () => {
  await using set = await startSentinelSet()
  const sentinel = createSentinel({ name: set.name, sentinelRootNodes: [...set.nodes] })
  sentinel.on('error', () => undefined)
  await sentinel.connect()
  await sentinel.set('k', 'v')
  await set.primary.kill()
  await expect.poll(() => sentinel.set('k', 'w').catch(() => 'no'), { timeout: 30_000 }).toBe('OK')
  const client = await createClient({ socket: { port: set.replica.port } }).connect()
  expect(await client.info('replication')).toContain('role:master')
  client.destroy()
  await sentinel.destroy()
})

test('a cluster of three takes keys of every slot', async () => {
  await using cluster = await startCluster()
  const client = createCluster({
    rootNodes: cluster.nodes.map(({ port }) => ({ socket: { port } })),
  })
  await client.connect()
  const keys = Array.from({ length: 60 }, (_, index) => `k${index}`)
  await Promise.all(keys.map((key) => client.set(key, key)))
  expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys)
  client.destroy()
})

async function connected(options: Parameters<typeof createClient>[0]): Promise<unknown> {
  return createClient(options)
    .on('error', () => undefined)
    .connect()
}

async function get(port: number): Promise<string | null> {
  const client = await createClient({ socket: { port } }).connect()
  const value = await client.get('k')
  client.destroy()
  return value
}
