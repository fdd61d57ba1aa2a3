import { once } from 'node:events'
import { get } from 'node:http'
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
