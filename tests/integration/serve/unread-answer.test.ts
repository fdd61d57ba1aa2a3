import { once } from 'node:events'
import { get } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'

it('a client that goes right before its answer is sent keeps no place of it', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(5_000))
  const streamColumns = db.streamColumns.bind(db)
  let first: AbortSignal | undefined
  // Batches of the first call are there when its connection is not any more.
  db.streamColumns = async (name, query, options) => {
    if (first !== undefined) return streamColumns(name, query, options)
    const { signal, ...deaf } = options!
    first = signal!
    leaving.destroy()
    await once(first, 'abort')
    return streamColumns(name, query, { ...deaf, batchRows: 2048 })
  }
  const url = await served(db, { maxParallel: 1 })
  const address = `${url}/api/v1/pairs/${pair}/ticks?format=ndjson`
  const leaving = get(address).on('error', () => undefined)
  await expect.poll(() => first?.aborted).toBe(true)
  await expect.poll(async () => (await fetch(address)).status).toBe(200)
  await expect.poll(() => db.stats().active).toBe(0)
})

it.each([
  ['an answer', 'ticks?format=ndjson'],
  ['a stream of events', 'events'],
])('nor does %s that waited behind another one of its connection', async (_what, second) => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(40_000))
  const url = await served(db, { maxParallel: 1, maxEventStreams: second === 'events' ? 1 : 2 })
  const base = `/api/v1/pairs/${pair}`
  const request = (path: string): string =>
    `GET ${base}/${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const first = second === 'events' ? 'ticks?format=ndjson' : 'events'
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  // It does not read, so that the first one never ends.
  socket.pause()
  socket.write(request(first) + request(second))
  const status = async (): Promise<number> => {
    const leaving = new AbortController()
    const answer = await fetch(`${url}${base}/${second}`, { signal: leaving.signal })
    leaving.abort()
    return answer.status
  }
  await expect.poll(status).toBe(429)
  socket.destroy()
  await expect.poll(status).toBe(200)
})
