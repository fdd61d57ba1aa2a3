import { EventEmitter, on, once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { DuckDBConnection } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connect, type MarketStore } from '../../../src/client/index.ts'
import type { DatabaseManager } from '../../../src/index.ts'
import { served } from '../../support/http.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

const pair = 'x/spot/A'
const sqlPath = `/api/v1/pairs/${pair}/sql`
/** It takes hours, and hears an interrupt. */
const endless =
  'SELECT count(*) AS n FROM range(100000) a(i), range(100000) b(j), range(100000) c(k) WHERE i + j + k < 0'
const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')

/**
 * A store, and when it has been asked so many endless questions. Two of them have the threads of readers:
 * a third one waits to be looked at, or to be read, and so it may never be asked.
 */
async function stored(): Promise<{ db: DatabaseManager; asked: (times: number) => Promise<void> }> {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(3))
  const questions = new EventEmitter()
  for (const name of ['streamColumns', 'queryPairs'] as const) {
    const call = db[name].bind(db) as (...given: unknown[]) => never
    db[name] = (...given: readonly [unknown, { readonly sql: string }]) => {
      if (given[1].sql === endless) questions.emit('asked')
      return call(...given)
    }
  }
  const asked = async (times: number): Promise<void> => {
    const heard = on(questions, 'asked')
    for (let time = 0; time < times; time++) await heard.next()
  }
  return { db, asked }
}

/** Expects that readers have the engine's threads, of which there are two. */
async function expectFree(db: DatabaseManager): Promise<void> {
  const signal = AbortSignal.timeout(20_000)
  const began = performance.now()
  expect(await db.query(pair, count, { signal })).toEqual([{ n: 3 }])
  expect(performance.now() - began).toBeLessThan(30_000)
}

function post(body: string, signal: AbortSignal | null = null): RequestInit {
  return { method: 'POST', body, signal }
}

describe('`serve` on the store of another process', () => {
  it('ends in its own time what the owner does not answer', async () => {
    const { db, asked } = await stored()
    const two = asked(2)
    const beside = await connect({ dataDir: db.dataDir })
    onTestFinished(() => beside.close())
    const url = await served(beside, { answerTimeoutMs: 2000 })
    const answers = [1, 2, 3].map(async () => {
      const answer = await fetch(url + sqlPath, post(endless))
      return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code]
    })
    await two
    const began = performance.now()
    for (const answer of answers) expect(await answer).toEqual([504, 'DEADLINE_EXCEEDED'])
    expect(performance.now() - began).toBeLessThan(20_000)
    await expectFree(db)
  })

  it('as does a stream whose time is over', async () => {
    const { db } = await stored()
    const beside = await connect({ dataDir: db.dataDir })
    onTestFinished(() => beside.close())
    const first = async (text: string): Promise<unknown> => {
      const stream = await beside.streamColumns(pair, sql(text), { timeoutMs: 300 })
      // Who reads on only later hears of it then.
      await new Promise((resolve) => setTimeout(resolve, 400))
      for await (const batch of stream) if (batch.rows === 0) return batch
      return undefined
    }
    const late = { code: 'DEADLINE_EXCEEDED', message: expect.stringMatching('300 ms') as string }
    await expect(first(endless)).rejects.toMatchObject(late)
    await expect(first('SELECT i FROM range(100000000) t(i)')).rejects.toMatchObject(late)
  })
})

describe('who goes away ends what he asked for', () => {
  it('over HTTP', async () => {
    const { db, asked } = await stored()
    const two = asked(2)
    const url = await served(db)
    const stop = new AbortController()
    const calls = [1, 2, 3].map(() => fetch(url + sqlPath, post(endless, stop.signal)))
    const ended = Promise.allSettled(calls)
    await two
    stop.abort()
    await ended
    await expectFree(db)
  })

  it('over HTTP, all that one connection asked for at once', async () => {
    const { db, asked } = await stored()
    const two = asked(2)
    const socket = connectSocket(Number(new URL(await served(db)).port), '127.0.0.1')
    const head = `POST ${sqlPath} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n`
    const request = `${head}Content-Length: ${endless.length}\r\n\r\n${endless}`
    socket.write(request.repeat(3))
    await two
    socket.destroy()
    await once(socket, 'close')
    await expectFree(db)
  })

  const reading: [string, (store: MarketStore, signal: AbortSignal) => Promise<unknown>][] = [
    ['query', (store, signal) => store.query(pair, sql(endless), { signal })],
    ['queryPairs', (store, signal) => store.queryPairs({ a: pair }, sql(endless), { signal })],
  ]
  it.each(reading)('over the local socket of the owner: %s', async (_name, call) => {
    const { db, asked } = await stored()
    const two = asked(2)
    const beside = await connect({ dataDir: db.dataDir })
    onTestFinished(() => beside.close())
    const stop = new AbortController()
    const calls = [1, 2, 3].map(() => call(beside, stop.signal))
    const ended = Promise.allSettled(calls)
    await two
    stop.abort()
    for (const end of await ended)
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } })
    await expectFree(db)
    expect(await beside.query(pair, count)).toEqual([{ n: 3 }])
  })
})

/** Every other call that reads, with its signal. */
const readers: [string, (store: MarketStore, signal: AbortSignal) => Promise<unknown>][] = [
  ['recentTicks', (store, signal) => store.recentTicks(pair, 1_000_000, { signal })],
  ['lastCandles', (store, signal) => store.lastCandles(pair, '1m', 1_000_000, { signal })],
  ['verify', (store, signal) => store.verify(pair, { signal })],
  ['gaps', (store, signal) => store.gaps(pair, { signal })],
]
const stores: [string, (db: DatabaseManager) => Promise<MarketStore> | MarketStore][] = [
  ['the manager', (db) => db],
  ['the local socket', (db) => connect({ dataDir: db.dataDir })],
  ['HTTP', async (db) => connect(await served(db))],
]

describe.each(stores)('a call with a signal, by %s,', (_name, open) => {
  it('ends with it while it waits for a thread, and at once when it was aborted before', async () => {
    const { db } = await stored()
    const store = await open(db)
    if (store !== db) onTestFinished(() => store.close())
    for (const [name, call] of readers)
      expect([name, await endOf(call(store, AbortSignal.abort()))]).toEqual([name, 'ABORTED'])
    const listed = store.listPairs({ signal: AbortSignal.abort() })
    expect(await endOf(listed)).toBe('ABORTED')
    const busy = new AbortController()
    const ended = Promise.allSettled(
      [1, 2].map(() => db.query(pair, sql(endless), { signal: busy.signal })),
    )
    const stop = new AbortController()
    // The ticks are in memory, and need no thread.
    const others = readers.filter(([name]) => name !== 'recentTicks')
    const waiting = others.map(async ([name, call]) => [
      name,
      await endOf(call(store, stop.signal)),
    ])
    setImmediate(() => stop.abort())
    for (const end of await Promise.all(waiting)) expect(end).toEqual([end[0], 'ABORTED'])
    busy.abort()
    await ended
    await expectFree(db)
  })

  it('ends the statement of a `verify` that runs', async () => {
    const { db } = await stored()
    const store = await open(db)
    if (store !== db) onTestFinished(() => store.close())
    const stop = new AbortController()
    // oxlint-disable-next-line typescript/unbound-method
    const run = DuckDBConnection.prototype.run
    const interrupted = vi.spyOn(DuckDBConnection.prototype, 'interrupt')
    const watched = vi.spyOn(DuckDBConnection.prototype, 'run').mockImplementation(function (
      this: DuckDBConnection,
      ...given
    ) {
      if (given[0].includes('bit_xor(hash(whole))')) stop.abort()
      return run.apply(this, given)
    })
    onTestFinished(() => [interrupted, watched].forEach((spy) => spy.mockRestore()))
    expect(await endOf(store.verify(pair, { signal: stop.signal }))).toBe('ABORTED')
    await vi.waitFor(() => expect(interrupted).toHaveBeenCalled(), { timeout: 60_000 })
    watched.mockRestore()
    expect(await store.verify(pair)).toMatchObject({ ok: true })
  })
})

async function endOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
    return 'answered'
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}
