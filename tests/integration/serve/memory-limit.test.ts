import { get, type IncomingMessage } from 'node:http'
import { expect, it, vi } from 'vitest'
import { served } from '../../support/http.ts'
import { cachedBytes } from '../../../src/storage/duckdb/block-cache.ts'
import {
  openManager,
  shareManager,
  someTicks,
  sql as asked,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const megabyte = 2 ** 20
const store = shareManager({}, (db) => db.insertTicks(pair, someTicks(10)))

/** Each takes gigabytes before it gives a row; of the first two the engine's own limit counts nothing. */
const greedy = [
  'SELECT median(n) AS x FROM (SELECT range AS n FROM range(300000000))',
  'SELECT max(q) AS x FROM (SELECT quantile_cont(range, 0.5) AS q FROM range(100000000) GROUP BY range // 3)',
  'SELECT count(*) AS x FROM (SELECT range AS n FROM range(100000000)) JOIN (SELECT range AS n FROM range(100000000)) USING (n)',
  'SELECT range AS x FROM range(300000000) ORDER BY range % 1000, range',
] as const

it.each(greedy)('ends a statement that takes more memory than one may: %s', async (sql) => {
  const url = await served(store(), { maxMemoryBytes: 128 * megabyte })
  const ask = (body: string): Promise<Response> =>
    fetch(`${url}/api/v1/pairs/${pair}/sql`, { method: 'POST', body })
  const before = process.memoryUsage.rss()
  let most = before
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10)
  const answer = await ask(sql)
  clearInterval(look)
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  expect([answer.status, error.code]).toEqual([403, 'REQUEST_REFUSED'])
  expect(error.message).toMatch(/the process grew by \d+ MB, and may by 128 \(`maxMemoryBytes`\)/)
  expect((most - before) / megabyte).toBeLessThan(512)
  expect(await (await ask('SELECT count(*) AS n FROM ticks')).json()).toEqual([{ n: 10 }])
})

it('statements one after the other, and at once, leave room for the next ones', async () => {
  const url = await served(store(), { maxMemoryBytes: 128 * megabyte })
  const statuses: number[] = []
  const before = process.memoryUsage.rss()
  let most = before
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10)
  const ask = async (sql: string): Promise<void> => {
    const answer = await fetch(`${url}/api/v1/pairs/${pair}/sql`, { method: 'POST', body: sql })
    statuses.push(answer.status)
    await answer.arrayBuffer()
  }
  for (let round = 0; round < 5; round++) await ask(greedy[1])
  await Promise.all(greedy.map(ask))
  clearInterval(look)
  expect(statuses).toEqual(statuses.map(() => 403))
  // Without what is given back each of the nine would add its own.
  expect((most - before) / megabyte).toBeLessThan(1024)
})

it('what the engine keeps of files that were read is nobody’s', async () => {
  const dataDir = temporaryFolder()
  const writer = await openManager({ dataDir })
  await writer.insertTicks(pair, someTicks(100_000))
  await writer.close()
  const db = await openManager({ dataDir })
  const before = await cachedBytes()
  await db.query(pair, asked('SELECT count(DISTINCT trade_id) AS n FROM ticks'))
  expect((await cachedBytes()) - before).toBeGreaterThan(megabyte / 4)
})

/** A reader of all ticks that takes nothing behind the first piece until it is told to. */
async function pausedReader(url: string): Promise<{ bytes: () => Promise<number> }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${url}/api/v1/pairs/${pair}/ticks?format=csv&limit=200000`, resolve).once('error', reject),
  )
  answer.pause()
  return {
    bytes: async () => {
      let bytes = 0
      for await (const piece of answer) bytes += (piece as Buffer).length
      return bytes
    },
  }
}

it('what one takes ends no answer that waits, nor one that is read slowly', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(200_000, { from: Date.now() - 300_000 }))
  const url = await served(db, { maxMemoryBytes: 128 * megabyte })
  const whole = await (await pausedReader(url)).bytes()
  const reader = await pausedReader(url)
  const ask = async (body: string): Promise<number> => {
    const answer = await fetch(`${url}/api/v1/pairs/${pair}/sql`, { method: 'POST', body })
    await answer.arrayBuffer()
    return answer.status
  }
  const taking = [greedy[1], greedy[1]].map(ask)
  const waiting = [1, 2, 3].map(() => ask('SELECT count(*) AS n FROM ticks'))
  expect(await Promise.all(taking)).toEqual([403, 403])
  expect(await Promise.all(waiting)).toEqual([200, 200, 200])
  expect(await reader.bytes()).toBe(whole)
})

it('what the engine lets go of, of a pair that is closed, is nobody’s either', async () => {
  const dataDir = temporaryFolder()
  const other = 'x/spot/LARGE'
  const writer = await openManager({ dataDir })
  await writer.insertTicks(pair, someTicks(200_000, { from: Date.now() - 300_000 }))
  await writer.insertTicks(other, someTicks(10))
  await writer.withConnection(other, ({ connection }) =>
    connection.run('CREATE TABLE large AS SELECT random() AS x FROM range(10000000)'),
  )
  await writer.close()
  const db = await openManager({ dataDir })
  const url = await served(db, { maxMemoryBytes: 64 * megabyte })
  const whole = await (await pausedReader(url)).bytes()
  await db.query(other, asked('SELECT sum(x) AS x FROM large'))
  const kept = await cachedBytes()
  expect(kept).toBeGreaterThan(68 * megabyte)
  // It is watched, and has its turns, while what is kept is let go of.
  const reading = (await pausedReader(url)).bytes()
  await db.pool.release(other)
  // A question that began before may be answered with what was.
  await expect.poll(cachedBytes).toBeLessThan(kept - 68 * megabyte)
  expect(await reading).toBe(whole)
})

it('goes on where the system tells nothing of the process, as without a file to be opened', async () => {
  const url = await served(store(), { maxMemoryBytes: 128 * megabyte })
  const rss = vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw new Error('EMFILE')
  })
  const ask = (): Promise<Response> =>
    fetch(`${url}/api/v1/pairs/${pair}/sql`, {
      method: 'POST',
      body: 'SELECT sum(hash(range) % 2)::DOUBLE AS x FROM range(20000000)',
    })
  try {
    expect((await ask()).status).toBe(200)
    expect(rss).toHaveBeenCalled()
  } finally {
    rss.mockRestore()
  }
  expect((await ask()).status).toBe(200)
})

it('makes no rows of a question over several pairs that has more than an answer may have', async () => {
  const url = await served(store(), { maxRows: 1000 })
  const before = process.memoryUsage.rss()
  const query = { name: 'many', sql: 'SELECT 1::TINYINT AS x FROM range(4000000)', params: {} }
  const answer = await fetch(`${url}/api/v1/store/queryPairs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pairs: { one: pair }, query }),
  })
  const { error } = (await answer.json()) as { error: { code: string } }
  expect([answer.status, error.code]).toEqual([403, 'REQUEST_REFUSED'])
  // As rows of JavaScript they would take some 200 MB.
  expect((process.memoryUsage.rss() - before) / megabyte).toBeLessThan(100)
})
