import { Agent, request } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Readable } from 'node:stream'
import { connect } from '../../../src/client/index.ts'
import { getCandlesQuery } from '../../../src/index.ts'
import { readEvents } from '../../../src/client/wire/event-stream.ts'
import { serve, type RequestLogEntry } from '../../../src/serve/index.ts'
import { ownerSocketOf } from '../../../src/storage/file/owner-socket-path.ts'
import { makeCertificates } from '../../support/certificates.ts'
import { served } from '../../support/http.ts'
import {
  countTicks,
  openManager,
  shareManager,
  someTicks,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const base = '/api/v1/pairs/x/spot/A'
const token = 'reads-and-nothing-else'
const writerToken = 'writes-and-reads-both'

const store = shareManager({}, (db) => db.insertTicks(pair, someTicks(10)))
/** An answer that no buffer between here and there holds, of 20 MB: it waits until it is read. */
const long = {
  method: 'POST',
  body: "SELECT repeat('x', 1000) AS x FROM range(20000)",
  headers: { 'accept-encoding': 'identity' },
}

/** What the long question is answered by a server that gives so many rows. */
async function longAnswer(maxRows: number): Promise<string> {
  return (await fetch(`${await served(store(), { maxRows })}${base}/sql`, long)).text()
}

function post(body: string, type = 'text/plain'): RequestInit {
  return { method: 'POST', body, headers: { 'content-type': type } }
}

/** What a raw request is answered, whatever its Host says. */
function statusBy(url: string, host: string, agent?: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    request({ hostname, port, path: `${base}/cvd`, headers: { host }, agent }, (answer) => {
      answer.resume()
      resolve(answer.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}

describe('who may ask', () => {
  it('refuses to listen to other machines without token and TLS', async () => {
    const db = store()
    await expect(serve(db, { host: '0.0.0.0' })).rejects.toThrow('give a `token`')
    await expect(serve(db, { host: '0.0.0.0', token })).rejects.toThrow('in the clear')
    await expect(serve(db, { token: 'short' })).rejects.toThrow(TypeError)
  })

  it('asks for the token everywhere but at health and status, and tells reading from writing', async () => {
    const db = store()
    const log: RequestLogEntry[] = []
    const url = await served(db, { token, writerToken, onRequest: (entry) => log.push(entry) })
    for (const path of [
      `${base}/cvd`,
      '/api/v1/pairs',
      '/pairs',
      '/metrics',
      '/udf/config',
      '/api/v1/store/hello',
      '/trades.arrow?venue=x&market=spot&symbol=a',
      `${base}/events`,
    ]) {
      expect((await fetch(url + path)).status).toBe(401)
      expect(
        (await fetch(url + path, { headers: { authorization: `Bearer ${token}x` } })).status,
      ).toBe(401)
    }
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(
      (await fetch(`${url}${base}/cvd`, { headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(200)
    await expect(connect(url, { token: 'wrong', reconnectMs: 0 })).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
    const reader = await connect(url, { token })
    await expect(reader.insertTicks(pair, someTicks(1, { first: 99 }))).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
    })
    await expect(reader.snapshot(pair, 'copy.duckdb')).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
    })
    await reader.close()
    expect(await countTicks(db, pair)).toBe(10)
    expect(JSON.stringify(log)).not.toContain(token)
  })

  it('takes no writes over HTTP without a writer token', async () => {
    const db = store()
    const reader = await connect(await served(db))
    await expect(reader.insertTicks(pair, someTicks(1, { first: 99 }))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
    await reader.close()
  })

  it('answers to its own names alone', async () => {
    const url = await served(store())
    const { port } = new URL(url)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`])
      expect(await statusBy(url, host)).toBe(200)
    for (const host of ['evil.example.org', `evil.example.org:${port}`, '127.0.0.1.evil.org'])
      expect(await statusBy(url, host)).toBe(403)
  })

  it('lets pages of listed origins read, and no others', async () => {
    const url = await served(store(), { corsOrigins: ['https://charts.example.org'] })
    const ask = (origin: string): Promise<Response> =>
      fetch(`${url}${base}/cvd`, { headers: { origin } })
    expect(
      (await ask('https://charts.example.org')).headers.get('access-control-allow-origin'),
    ).toBe('https://charts.example.org')
    expect(
      (await ask('https://evil.example.org')).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  it('speaks TLS with the certificate that it is given', async () => {
    const { ca, cert, key } = await makeCertificates(join(temporaryFolder(), 'tls'))
    const tls = { key: readFileSync(key), cert: readFileSync(cert) }
    const url = await served(store(), { tls, token, host: '127.0.0.1' })
    expect(url).toMatch(/^https:/)
    const reader = await connect(url, { token, ca: readFileSync(ca) })
    expect(await reader.listPairs()).not.toHaveLength(0)
    await reader.close()
    await expect(connect(url, { token, reconnectMs: 0 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    })
  })

  it('gives the local socket to its owner alone', async () => {
    const db = store()
    const path = await ownerSocketOf(db.dataDir, process.pid)
    expect(statSync(path.slice(0, path.lastIndexOf('/'))).mode & 0o077).toBe(0)
  })
})

describe('what may be asked', () => {
  const refused = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT content FROM read_text('/etc/passwd')",
    "SELECT (SELECT content FROM read_blob('/etc/passwd'))",
    "WITH a AS (SELECT * FROM glob('/*')) SELECT * FROM a",
    "FROM parquet_scan('x.parquet')",
    'SELECT * FROM p1.main.ticks',
    'SELECT * FROM p1.ticks',
    'SELECT * FROM duckdb_settings()',
    "SELECT getenv('HOME')",
    "SELECT * FROM query('DELETE FROM ticks')",
    'DELETE FROM ticks',
    'INSERT INTO order_flow SELECT * FROM order_flow',
    "COPY ticks TO '/nowhere/x.csv'",
    "ATTACH '/nowhere/x.duckdb'",
    'SELECT 1; DELETE FROM ticks',
    'DROP TABLE ticks',
    'SET memory_limit = 1',
    'PRAGMA database_list',
    'INSTALL httpfs',
    'EXPLAIN ANALYZE DELETE FROM ticks',
    '',
    ';',
    'SELECT 1 /* unfinished',
    'CALL pragma_version()',
    'SELECT * FROM pairduck_batch(0)',
  ]

  it('refuses SQL that writes, or reaches outside the pair', async () => {
    const db = store()
    const url = await served(db)
    const headers = { 'content-type': 'application/json' }
    for (const text of refused) {
      const body = JSON.stringify({ sql: text })
      const { status } = await fetch(`${url}${base}/sql`, { method: 'POST', body, headers })
      expect([400, 403]).toContain(status)
    }
    expect(await countTicks(db, pair)).toBe(10)
  })

  it('looks again at what is left of a text when sources of bars are taken out of it', async () => {
    const reader = await connect(await served(store()))
    onTestFinished(() => reader.close())
    // A text in quotes, until what stands between the marks has gone.
    const sql = `SELECT '/*from x*/', /*end*/ ', (SELECT content FROM read_text($$/etc/passwd$$)) AS y --'`
    for (const history of [false, true])
      await expect(
        reader.query(pair, { name: 'bars', sql, params: {}, bars: '1m' }, { history }),
      ).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
    const candles = getCandlesQuery({ timeframe: '1m' })
    for (const history of [false, true])
      expect(await reader.query(pair, candles, { history })).toHaveLength(1)
  })

  it.each(['..%2F..%2Fetc', '%2e%2e', '%00'])('takes %s for no pair', async (symbol) => {
    const url = await served(store())
    expect([400, 404]).toContain((await fetch(`${url}/api/v1/pairs/x/spot/${symbol}/cvd`)).status)
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('refuses more rows than it gives, or cuts the answer off where it has begun', async () => {
    // The head waits for two batches of 8192 rows.
    expect(await longAnswer(10_000)).toContain('"code":"REQUEST_REFUSED"')
    await expect(longAnswer(18_000)).rejects.toThrow(TypeError)
  })

  it('says by a code of its own what is no request, no SQL, and given twice', async () => {
    const url = await served(store())
    const answers: readonly [
      status: number,
      code: string,
      says: string,
      ...Parameters<typeof fetch>,
    ][] = [
      [400, 'QUERY_FAILED', 'syntax error', `${url}${base}/sql`, post('SELEC 1')],
      [403, 'REQUEST_REFUSED', 'no SELECT', `${url}${base}/sql`, post('DROP TABLE ticks')],
      [
        400,
        'INVALID_REQUEST',
        'part',
        `${url}${base}/sql`,
        post('x', 'multipart/form-data; boundary=x'),
      ],
      [400, 'INVALID_REQUEST', 'more than once', `${url}${base}/ticks?limit=1&limit=2`],
      [400, 'INVALID_REQUEST', '', `${url}/api/v1/%zz`],
      [
        415,
        'INVALID_REQUEST',
        'application/json',
        `${url}/api/v1/store/query`,
        post('{}', 'application/sql'),
      ],
    ]
    for (const [status, code, says, ...asked] of answers) {
      const answer = await fetch(...asked)
      expect(answer.status).toBe(status)
      const { error } = (await answer.json()) as { error: { code: string; message: string } }
      expect(error).toMatchObject({ code, message: expect.stringContaining(says) as string })
    }
    for (const [sent, status] of [
      ['no request at all\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
      socket.write(sent)
      const answer = (await socket.setEncoding('utf8').toArray()).join('')
      expect(answer).toContain(`HTTP/1.1 ${status}`)
      expect(answer).toContain('{"error":{"code":"INVALID_REQUEST"')
    }
  })

  it('refuses bodies and heads that are too large', async () => {
    const url = await served(store(), { maxBodyBytes: 2000 })
    expect(
      (await fetch(`${url}${base}/sql`, { method: 'POST', body: 'x'.repeat(5000) })).status,
    ).toBe(413)
    const huge = await fetch(`${url}/health`, { headers: { 'x-much': 'y'.repeat(60_000) } }).then(
      ({ status }) => status,
      () => 431,
    )
    expect(huge).toBe(431)
  })
})

describe('slow and gone clients', () => {
  it('lose their own connection, and give the lease back', async () => {
    // With room for one pair: another one is answered when the lease of the first has ended.
    const db = await openManager({ maxConnections: 1 })
    await db.insertTicks(pair, someTicks(1))
    await db.insertTicks('x/spot/B', someTicks(1))
    const url = await served(db, { answerTimeoutMs: 300 })
    const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    const { method, body } = long
    const head = [
      'Host: 127.0.0.1',
      'Connection: close',
      'Content-Type: text/plain',
      `Content-Length: ${body.length}`,
    ]
    socket.write(`${method} ${base}/sql HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`)
    // It reads the beginning of the answer, and then no more.
    await once(socket, 'readable')
    expect(await countTicks(db, 'x/spot/B')).toBe(1)
    socket.resume()
    await once(socket, 'close')
    const patient = await served(db)
    const stop = new AbortController()
    expect((await fetch(`${patient}${base}/sql`, { ...long, signal: stop.signal })).status).toBe(
      200,
    )
    stop.abort()
    expect(await countTicks(db, 'x/spot/B')).toBe(1)
    await expect.poll(async () => (await fetch(`${url}${base}/cvd`)).status).toBe(200)
  })

  it('a thousand of them, who begin requests and never end them, are in nobody’s way', async () => {
    const url = await served(store(), { maxConnections: 1001 })
    const port = Number(new URL(url).port)
    const sockets = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const socket = connectSocket(port, '127.0.0.1')
        await once(socket, 'connect')
        socket.write('GET /api/v1/pairs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')
        return socket
      }),
    )
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    expect(await statusBy(url, '127.0.0.1', agent)).toBe(200)
    // Beyond the bound nobody is listened to, and who is there stays.
    const late = connectSocket(port, '127.0.0.1')
    await once(late, 'close')
    expect(await statusBy(url, '127.0.0.1', agent)).toBe(200)
  })

  it('are told when they ask too often', async () => {
    const url = await served(store(), { maxRequestsPerSecond: 20 })
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/health`)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(await refused[0]!.json()).toMatchObject({ error: { code: 'SERVER_BUSY' } })
  })

  it('are so many at once, and no more', async () => {
    const url = await served(store(), { maxParallelPerClient: 2 })
    const ask = (): Promise<Response> => fetch(`${url}${base}/sql`, long)
    const held = [await ask(), await ask()]
    const refused = await ask()
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: { code: 'SERVER_BUSY' } })
    // Its place is free before a client sees the end of its answer.
    expect((await held[0]!.text()).endsWith(']')).toBe(true)
    const next = await ask()
    expect(next.status).toBe(200)
    expect((await ask()).status).toBe(429)
    await Promise.all([held[1]!.text(), next.text()])
  })
})

describe('events', () => {
  it('tell the bars that changed, whatever changed them', async () => {
    const db = store()
    const symbol = 'x/spot/BARS'
    const start = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
    const tick = (minute: number, first: number) => ({
      ...someTicks(1, { first })[0]!,
      timestamp: start + minute * 60_000,
    })
    await db.insertTicks(symbol, [tick(5, 10)])
    const url = await served(db)
    const stop = new AbortController()
    const { signal } = stop
    const answer = await fetch(`${url}/api/v1/pairs/x/spot/BARS/events?timeframe=1m`, { signal })
    const events = readEvents(Readable.fromWeb(answer.body as never))
    const next = async (wanted: string): Promise<unknown> => {
      for (;;) {
        const { done, value } = await events.next()
        // One that has ended answers at once for ever, and no timer would get its turn.
        if (done === true) throw new Error(`the stream ended before ${wanted}`)
        if (value.event === wanted) return value.data
      }
    }
    const bars = (...minutes: number[]) => ({
      candles: minutes.map((minute) => ({ timestamp: start + minute * 60_000 })),
    })
    await db.insertTicks(symbol, [tick(5, 11), tick(6, 12), tick(7, 13), tick(8, 14)])
    expect(await next('candles')).toMatchObject(bars(5, 6, 7, 8))
    await db.insertTicks(symbol, [tick(2, 1)])
    expect(await next('late')).toEqual({ count: 1, from: start + 120_000 })
    expect(await next('candles')).toMatchObject(bars(2, 5, 6, 7, 8))
    const candle = { open: 1, high: 1, low: 1, close: 1, volume: 0, timestamp: start + 420_000 }
    await db.insertCandles(symbol, '1m', [candle])
    expect(await next('candles')).toMatchObject(bars(7, 8))
    stop.abort()
  })

  it('end with the error that they cannot go on from, and nothing is written behind it', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(10))
    const url = await served(db)
    const answer = await fetch(`${url}${base}/events`)
    const events = readEvents(Readable.fromWeb(answer.body as never))
    await db.insertTicks(pair, someTicks(1, { first: 11, from: Date.now() }))
    expect((await events.next()).value).toMatchObject({ event: 'ticks' })
    db.query = () => Promise.reject(new Error('broken'))
    // All in one turn of the event loop, in which the connection cannot close.
    for (let turn = 0; turn < 100; turn++) {
      db.tell('reconnected', { awayMs: 0 })
      await Promise.resolve()
    }
    const told: unknown[] = []
    for await (const { event } of events) told.push(event)
    expect(told).toEqual(['error'])
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('tell each trade once, also over a resume', async () => {
    const db = store()
    const symbol = 'x/spot/TOLD'
    await db.insertTicks(symbol, someTicks(10))
    const url = await served(db)
    const now = Date.now()
    const more = Array.from({ length: 700 }, (_, index) => ({
      ...someTicks(1, { first: 1000 + index })[0]!,
      timestamp: now + Math.floor(index / 20),
    }))
    const ids = more.map(({ tradeId }) => tradeId)
    const told: string[] = []
    const read = async (after: string | undefined, until: number): Promise<string> => {
      const stop = new AbortController()
      const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
      const answer = await fetch(`${url}/api/v1/pairs/${symbol}/events${query}`, {
        signal: stop.signal,
      })
      let last = after ?? ''
      let rest = ''
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        rest += chunk
        const blocks = rest.split('\n\n')
        rest = blocks.pop()!
        for (const block of blocks) {
          const data = /^id: (.*)\nevent: ticks\ndata: (.*)$/m.exec(block)
          if (data === null) continue
          last = data[1]!
          told.push(
            ...(JSON.parse(data[2]!) as { tradeId: string }[]).map(({ tradeId }) => tradeId),
          )
        }
        if (told.length >= until) break
        await db.insertTicks(symbol, more.splice(0, 7))
      }
      stop.abort()
      return last
    }
    const first = await read(undefined, 100)
    await db.insertTicks(symbol, more.splice(0, 50))
    await read(first, 400)
    expect(told).toEqual(ids.slice(0, told.length))
    expect(told.length).toBeGreaterThanOrEqual(400)
  })
})
