import { createClient } from '@redis/client'
import * as fc from 'fast-check'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LocalValkey } from '../../src/valkey/local/local-valkey.ts'
import { withPlainClient, type Send } from '../../src/valkey/local/plain-client.ts'
import { findServerBinary } from '../../src/valkey/local/server-binary.ts'
import { anyCharacter } from '../support/any-character.ts'
import { freePort, startValkey } from '../support/valkey.ts'
import { propertyRuns } from '../support/property-runs.ts'

let home: string
let local: LocalValkey

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pairduck-local-'))
  local = new LocalValkey({ dir: join(home, 'valkey "quoted" é') })
})
afterEach(async () => {
  await local.stop()
  await rm(home, { recursive: true, force: true })
})

async function started(wanted?: number): Promise<{ pid: number; port: number; version: string }> {
  const status = await local.start({ port: wanted ?? (await freePort()) })
  if (!status.running) throw new Error('it does not run')
  return status
}

describe('the life of a local server', () => {
  test('start, status, a second start, logs, stop, a second stop', async () => {
    expect(await local.status()).toEqual({ running: false, dir: local.dir })
    const first = await started()
    const { version } = await findServerBinary()
    expect(first.version).toBe(version)
    expect(await started(first.port)).toMatchObject({ pid: first.pid, port: first.port })
    expect((await local.logs()).join('\n')).toContain('Ready to accept connections')
    expect(await local.logs({ lines: 1 })).toHaveLength(1)
    expect(await local.stop()).toBe(true)
    expect(() => process.kill(first.pid, 0)).toThrow(/ESRCH/)
    expect(await local.stop()).toBe(false)
    expect(await local.status()).toEqual({ running: false, dir: local.dir })
  })

  test('a busy port: the next free one; the data and the port stay over a stop and start', async () => {
    const port = await freePort()
    const busy = createServer().listen(port, '127.0.0.1')
    const first = await started(port)
    busy.close()
    expect(first.port).toBeGreaterThan(port)
    await withPlainClient(first, (send) => send('SET', 'k', 'v'))
    await local.stop()
    const again = await local.start()
    expect(again).toMatchObject({ running: true, port: first.port })
    expect(String(await withPlainClient(first, (send) => send('GET', 'k')))).toBe('v')
  })

  test('started twice at once, beside the lock of a process that died: one server', async () => {
    const port = await freePort()
    await mkdir(local.dir, { recursive: true })
    // Process numbers end below 2^22.
    await writeFile(join(local.dir, 'start.lock'), '4194305')
    const both = await Promise.all([
      local.start({ port }),
      new LocalValkey({ dir: local.dir }).start({ port }),
    ])
    expect(both[0]).toMatchObject({ running: true, port })
    expect(both[1]).toMatchObject({ ...both[0], uptimeSeconds: expect.any(Number) })
  })

  test('killed: seen as not running, and started anew', async () => {
    const first = await started()
    process.kill(first.pid, 'SIGKILL')
    await expect.poll(async () => (await local.status()).running).toBe(false)
    expect((await started(first.port)).pid).not.toBe(first.pid)
  })

  test("another's server on our port is left alone", async () => {
    const { port } = await started()
    await local.stop()
    await using stranger = await startValkey({ port })
    expect(await local.status()).toEqual({ running: false, dir: local.dir })
    for (const touch of [
      () => local.stop(),
      () => local.backup(join(home, 'a.rdb')),
      () => local.restore(join(home, 'a.rdb')),
    ])
      await expect(touch()).rejects.toMatchObject({ code: 'VALKEY_NOT_OURS' })
    expect(stranger.pid).toBeGreaterThan(0)
    expect((await started(port)).port).toBeGreaterThan(port)
    expect(String(await withPlainClient({ port }, (send) => send('PING')))).toBe('PONG')
  })

  test('another program on our port is no server of ours', async () => {
    const { port } = await started()
    await local.stop()
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await once(web.listen(port, '127.0.0.1'), 'listening')
    expect(await local.status()).toEqual({ running: false, dir: local.dir })
    expect(await local.stop()).toBe(false)
    expect((await started(port)).port).toBeGreaterThan(port)
    web.close()
  })

  test('a server that hangs is neither doubled nor called stopped', async () => {
    const { pid, port } = await started()
    process.kill(pid, 'SIGSTOP')
    try {
      await expect(local.start()).rejects.toMatchObject({ code: 'VALKEY_UNREACHABLE' })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(await local.status()).toMatchObject({ running: true, pid, port })
  })

  test('a start that fails shows the end of the log', async () => {
    await started()
    await local.stop()
    await writeFile(join(local.dir, 'dump.rdb'), 'not a dump')
    const failure = expect.objectContaining({
      code: 'VALKEY_START_FAILED',
      message: expect.stringMatching(/Wrong signature|Fatal error loading/),
    })
    await expect(local.start()).rejects.toEqual(failure)
  })

  test('misuse and a binary that is none', async () => {
    // @ts-expect-error: the option is misspelt on purpose
    expect(() => new LocalValkey({ dir: home, cacheDirr: 'x' })).toThrow(/did you mean `cacheDir`/)
    await expect(local.start({ port: 70_000 })).rejects.toThrow(/`port`.*70000/)
    await expect(findServerBinary({ env: { VALKEY_SERVER: '/bin/echo' } })).rejects.toMatchObject({
      code: 'VALKEY_NOT_FOUND',
    })
  })
})

describe('backup and restore', () => {
  const bytes = fc.oneof(
    fc.string({ unit: anyCharacter, minLength: 1 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((array) => Buffer.from(array)),
  )
  const many = { minLength: 1, maxLength: 8 }
  const value = fc.oneof(
    bytes.map((text) => ['SET', text]),
    fc.array(fc.tuple(bytes, bytes), many).map((fields) => ['HSET', ...fields.flat()]),
    fc.array(bytes, many).map((members) => ['SADD', ...members]),
    fc.array(bytes, many).map((elements) => ['RPUSH', ...elements]),
    fc
      .array(fc.tuple(fc.double({ noNaN: true }).map(String).map(score), bytes), many)
      .map((members) => ['ZADD', ...members.flat()]),
    fc.array(bytes, many).map((fields) => ['XADD', '1-1', ...fields, ...fields]),
  )
  const entry = fc.record({
    key: bytes,
    value,
    expiresAt: fc.option(fc.integer({ min: 4_000_000_000_000, max: 5_000_000_000_000 })),
  })

  test('any dataset of any types comes back the same, from either form', async () => {
    const { port } = await started()
    const read = () => withPlainClient({ port }, readDataset)
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, {
          selector: ({ key }) => key.toString('hex'),
          size: 'max',
          maxLength: 30,
        }),
        fc.constantFrom('rdb', 'valkey'),
        fc.constantFrom(0, 3),
        async (entries, form, database) => {
          await withPlainClient({ port }, async (send) => {
            await send('FLUSHALL')
            await send('SELECT', String(database))
            for (const { key, value, expiresAt } of entries) {
              await send(value[0]!, key, ...value.slice(1))
              if (expiresAt !== null) await send('PEXPIREAT', key, String(expiresAt))
            }
          })
          const before = await read()
          const file = join(home, `backup.${form}`)
          await local.backup(file)
          await withPlainClient({ port }, (send) => send('FLUSHALL'))
          await withPlainClient({ port }, (send) => send('SET', 'later', '1'))
          expect(await local.restore(file)).toBe(entries.length)
          expect(await read()).toEqual(before)
        },
      ),
      { numRuns: propertyRuns(2) },
    )
  })

  test('the text form is readable, in order, and the same for the same data', async () => {
    const { port } = await started()
    await withPlainClient({ port }, async (send) => {
      await send('HSET', 'orders', '2', '{"id":"2"}', '1', '{"id":"1","price":1.10}')
      await send('SADD', 'open:set', '2', '1')
      await send('SET', 'engine:leader', 'bot', 'PXAT', '4102444800000')
    })
    const file = join(home, 'a.valkey')
    await local.backup(file)
    expect(await readFile(file, 'utf8')).toBe(
      [
        '# pairduck backup of a Valkey server, format 1',
        'SELECT 0',
        'SET engine:leader bot',
        'PEXPIREAT engine:leader 4102444800000',
        'SADD open:set 1',
        'SADD open:set 2',
        `HSET orders 1 '{"id":"1","price":1.10}'`,
        `HSET orders 2 '{"id":"2"}'`,
        '# end, 7 commands',
        '',
      ].join('\n'),
    )
  })

  test('a bad backup changes nothing and says where it is bad', async () => {
    const { port, pid } = await started()
    await withPlainClient({ port }, (send) => send('SET', 'k', 'v'))
    const good = join(home, 'good.valkey')
    await local.backup(good)
    const lines = (await readFile(good, 'utf8')).split('\n')
    const bad: [string, string, RegExp][] = [
      ['cut.valkey', lines.slice(0, 3).join('\n'), /line 3: the file is cut off/],
      ['more.valkey', `${lines.join('\n')}SET a b\n`, /line 5: something follows the end/],
      ['evil.valkey', lines.join('\n').replace('SET k v', 'CONFIG SET x y'), /line 3: `CONFIG`/],
      ['arity.valkey', lines.join('\n').replace('SET k v', 'SET k v NX'), /line 3: SET with 3/],
      ['quote.valkey', lines.join('\n').replace('SET k v', "SET k 'v"), /line 3: column 7/],
      ['other.valkey', 'hello\n', /line 1: expected/],
      ['bad.rdb', 'hello', /can't load it/],
    ]
    for (const [name, text, message] of bad) {
      await writeFile(join(home, name), text)
      const error = expect.objectContaining({
        code: 'INVALID_BACKUP',
        message: expect.stringMatching(message),
      })
      await expect(local.restore(join(home, name))).rejects.toEqual(error)
    }
    await expect(local.restore(join(home, 'good.txt'))).rejects.toThrow(/\.rdb or \.valkey/)
    expect(await local.status()).toMatchObject({ pid })
    expect(String(await withPlainClient({ port }, (send) => send('GET', 'k')))).toBe('v')
  })

  test('a server at rest is backed up and restored at rest; the former data stays beside', async () => {
    await expect(local.backup(join(home, 'a.rdb'))).rejects.toMatchObject({
      code: 'INVALID_BACKUP',
    })
    const { port } = await started()
    await withPlainClient({ port }, (send) => send('SET', 'k', 'old'))
    await local.stop()
    await local.backup(join(home, 'old.valkey'))
    expect(await local.restore(join(home, 'old.valkey'))).toBe(1)
    expect(await local.status()).toMatchObject({ running: false })
    expect((await stat(join(local.dir, 'before-restore.rdb'))).size).toBeGreaterThan(0)
    await local.start()
    expect(String(await withPlainClient({ port }, (send) => send('GET', 'k')))).toBe('old')
  })

  test('clients that are connected find the restored data after they reconnect', async () => {
    const { port } = await started()
    const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 20 } })
    client.on('error', () => undefined)
    await client.connect()
    await client.set('k', 'saved')
    await local.backup(join(home, 'a.rdb'))
    await client.set('k', 'changed')
    await local.restore(join(home, 'a.rdb'))
    expect(await client.get('k')).toBe('saved')
    client.destroy()
  })
})

function score(text: string): string {
  return text.replace('Infinity', 'inf')
}

/** Everything in a server, written down by other commands than the backup uses where there are. */
async function readDataset(send: Send): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const database of ['0', '3']) {
    await send('SELECT', database)
    for (const key of (await send('KEYS', '*')) as Buffer[]) {
      const type = String(await send('TYPE', key))
      const read: Record<string, () => Promise<unknown>> = {
        string: async () => hex([await send('GETRANGE', key, '0', '-1')]),
        hash: async () =>
          Promise.all(
            ((await send('HKEYS', key)) as Buffer[]).map(async (field) =>
              hex([field, await send('HGET', key, field)]).join(':'),
            ),
          ).then((fields) => fields.sort((a, b) => a.localeCompare(b))),
        set: async () => hex(await send('SUNION', key)).sort((a, b) => a.localeCompare(b)),
        list: async () => hex(await send('LRANGE', key, '0', '-1')),
        zset: async () => hex(await send('ZRANGEBYSCORE', key, '-inf', '+inf', 'WITHSCORES')),
        stream: async () => JSON.stringify(await send('XRANGE', key, '-', '+')),
      }
      const expires = String(await send('PEXPIRETIME', key))
      found[`${database} ${key.toString('hex')}`] = [type, expires, await read[type]!()]
    }
  }
  return found
}

function hex(items: unknown): string[] {
  return (items as Buffer[]).map((item) => item.toString('hex'))
}
