import { describe, expect, it } from 'vitest'
import type { DatabaseManager, InsertCounts, ManagerOptions } from '../../src/index.ts'
import type { Tick } from '../../src/schema/rows.ts'
import { storedTicks } from '../support/store-rows.ts'
import { openManager } from '../support/store.ts'

const pair = 'group/spot/X'
const start = Date.UTC(2024, 7, 8, 12)

/** Ticks from a number on. */
function ticks(count: number, from = 0): Tick[] {
  return Array.from({ length: count }, (_, k) => ({
    timestamp: start + from + k,
    price: 100 + from + k,
    volume: 1,
    side: 'BUY',
    tradeId: String(from + k),
  }))
}

/** A store with the pair open, and the sizes of its commits. */
async function watched(
  options: ManagerOptions,
): Promise<{ store: DatabaseManager; commits: number[] }> {
  const store = await openManager(options)
  await store.withConnection(pair, async () => undefined)
  const commits: number[] = []
  store.on('ticksStored', ({ counts }) => commits.push(counts.inserted))
  return { store, commits }
}

function stored(count: number): InsertCounts {
  return { inserted: count, duplicates: 0, conflicts: 0, expired: 0, late: 0 }
}

describe('calls that are made together', () => {
  it('share a commit, and each is told what became of its own ticks', async () => {
    const { store, commits } = await watched({})
    const found = await Promise.all([
      store.insertTicks(pair, ticks(3)),
      store.insertTicks(pair, ticks(4, 2)),
      store.insertTicks(pair, []),
      store.insertTicks(pair, [{ ...ticks(1, 6)[0]!, price: 1 }]),
      store.insertTicks(pair, ticks(2, 4)),
    ])
    expect(found).toEqual([
      stored(3),
      { ...stored(3), duplicates: 1 },
      stored(0),
      { ...stored(1) },
      { ...stored(0), duplicates: 2 },
    ])
    expect(commits).toEqual([7])
  })

  it('and one of them bad: it alone is refused, whole', async () => {
    const { store, commits } = await watched({})
    const bad = [...ticks(2, 10), { ...ticks(1, 12)[0]!, price: -1 }]
    const [before, refused, after] = await Promise.allSettled([
      store.insertTicks(pair, ticks(2)),
      store.insertTicks(pair, bad),
      store.insertTicks(pair, ticks(2, 20)),
    ])
    expect([before, after]).toEqual([
      { status: 'fulfilled', value: stored(2) },
      { status: 'fulfilled', value: stored(2) },
    ])
    expect(refused).toMatchObject({
      reason: { code: 'INVALID_TICK', details: { index: 2, field: 'price', value: -1 } },
    })
    expect(commits).toEqual([4])
    expect((await storedTicks(store, pair)).map(({ tradeId }) => tradeId)).toEqual([
      '0',
      '1',
      '20',
      '21',
    ])
  })

  it('while others are on their way to the disk share the next commit', async () => {
    const { store, commits } = await watched({})
    const first = store.insertTicks(pair, ticks(1))
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([
      first,
      store.insertTicks(pair, ticks(1, 1)),
      store.insertTicks(pair, ticks(1, 2)),
    ])
    expect(commits).toEqual([1, 2])
  })

  it('fill a commit up to maxTicksPerCommit, and then the next, answered in their order', async () => {
    const { store, commits } = await watched({ maxTicksPerCommit: 10 })
    const answered: number[] = []
    await Promise.all(
      [0, 6, 12, 18, 24].map(async (from) => {
        await store.insertTicks(pair, ticks(6, from))
        answered.push(from)
      }),
    )
    expect(commits).toEqual([12, 12, 6])
    expect(answered).toEqual([0, 6, 12, 18, 24])
  })

  it('are stored before a manager closes that was asked to', async () => {
    const { store } = await watched({})
    const inserted = store.insertTicks(pair, ticks(5))
    await store.close()
    expect(await inserted).toEqual(stored(5))
    const again = await openManager({ dataDir: store.dataDir })
    expect(await storedTicks(again, pair)).toHaveLength(5)
    await expect(store.insertTicks(pair, ticks(1))).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('ticks that wait', () => {
  it('are bounded per pair; a call above the bound is taken when nothing else waits', async () => {
    const { store } = await watched({ maxPendingTicks: 10 })
    const large = store.insertTicks(pair, ticks(25))
    await expect(store.insertTicks(pair, ticks(1, 30))).rejects.toMatchObject({
      code: 'BACKPRESSURE',
      details: { pair, pendingTicks: 25, maxPendingTicks: 10 },
    })
    // Others have room of their own.
    expect(await store.insertTicks('group/spot/Y', ticks(1))).toEqual(stored(1))
    expect(await large).toEqual(stored(25))
    expect(store.stats().pendingTicks).toBe(0)
    const both = [store.insertTicks(pair, ticks(5, 40)), store.insertTicks(pair, ticks(5, 50))]
    await expect(store.insertTicks(pair, ticks(1, 60))).rejects.toMatchObject({
      code: 'BACKPRESSURE',
    })
    expect(await Promise.all(both)).toEqual([stored(5), stored(5)])
  })

  it('are bounded in all', async () => {
    const { store } = await watched({ maxPendingTicksTotal: 10 })
    await store.insertTicks('group/spot/Y', [])
    const first = store.insertTicks(pair, ticks(8))
    expect(store.stats().pendingTicks).toBe(8)
    await expect(store.insertTicks('group/spot/Y', ticks(3))).rejects.toMatchObject({
      code: 'BACKPRESSURE',
      details: { pendingTicks: 8, maxPendingTicksTotal: 10 },
    })
    expect(await store.insertTicks('group/spot/Y', ticks(2))).toEqual(stored(2))
    expect(await first).toEqual(stored(8))
  })

  it('give their room back when they are refused or cannot be stored', async () => {
    const { store } = await watched({ maxPendingTicks: 10 })
    const bad = { ...ticks(1)[0]!, volume: 0 }
    await expect(store.insertTicks(pair, [...ticks(9), bad])).rejects.toThrow('volume')
    expect(store.stats().pendingTicks).toBe(0)
    expect(await store.insertTicks(pair, ticks(10))).toEqual(stored(10))
  })
})

it('candles wait in the line of the ticks: in the order of the calls, and with the same bounds', async () => {
  const { store } = await watched({ maxPendingTicks: 10 })
  await store.insertTicks(pair, [])
  const candle = { timestamp: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 }
  const candles = (count: number): (typeof candle)[] =>
    Array.from({ length: count }, (_, k) => ({ ...candle, timestamp: Date.UTC(2024, 0, 1, 0, k) }))
  const ends: string[] = []
  const note = (name: string) => (): void => void ends.push(name)
  const calls = [
    store.insertTicks(pair, ticks(3)).then(note('ticks')),
    store.insertCandles(pair, '1m', candles(2)).then(note('candles')),
    store.insertTicks(pair, ticks(3, 40)).then(note('more ticks')),
  ]
  expect(store.stats().pendingTicks).toBe(8)
  await expect(store.insertCandles(pair, '1m', candles(3))).rejects.toMatchObject({
    code: 'BACKPRESSURE',
    details: { pair, pendingTicks: 8, maxPendingTicks: 10 },
  })
  await Promise.all(calls)
  expect(ends).toEqual(['ticks', 'candles', 'more ticks'])
  expect(store.stats().pendingTicks).toBe(0)
})

it('a commit that fails rejects its calls and no others', async () => {
  const { store } = await watched({ maxTicksPerCommit: 2 })
  const errors: unknown[] = []
  store.on('error', (event) => errors.push(event))
  await store.insertTicks(pair, ticks(2))
  const lease = await store.acquire(pair)
  await lease.connection.run('ALTER TABLE ticks RENAME TO elsewhere')
  const [failed, other] = await Promise.allSettled([
    store.insertTicks(pair, ticks(2, 10)),
    store.insertTicks('group/spot/Y', ticks(2)),
  ])
  expect(failed).toMatchObject({ reason: { code: 'QUERY_FAILED' } })
  expect(other).toMatchObject({ value: stored(2) })
  expect(errors).toHaveLength(1)
  await lease.connection.run('ALTER TABLE elsewhere RENAME TO ticks')
  await lease.release()
  // What was not acknowledged is sent anew.
  expect(await store.insertTicks(pair, ticks(2, 10))).toEqual(stored(2))
  expect(await storedTicks(store, pair)).toHaveLength(4)
  expect(store.stats().pendingTicks).toBe(0)
})
