import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { PairduckError } from '../../../src/errors.ts'
import { formatPair, parsePair, type Pair } from '../../../src/pair.ts'
import { ConnectionPool } from '../../../src/storage/pool/connection-pool.ts'
import { waitReason, type PoolOptions } from '../../../src/storage/pool/pool-slot.ts'
import { Events } from '../../../src/storage/events/events.ts'
import { restsNever } from '../../support/rests-never.ts'
import type { PairDatabase } from '../../../src/storage/pool/pair-database.ts'

const pair = (letter: string): Pair => parsePair(`x/y/${letter}`)
const nameOf = (letter: string): string => formatPair(pair(letter))

/**
 * Files that only know whether they are open. It is the pool that is tested here, in every order
 * of events; tests/integration/storage has it with real files.
 */
class Files {
  readonly open = new Set<string>()
  opened = 0
  most = 0
  failing = new Set<string>()
  pause: () => Promise<void>

  constructor(pause: () => Promise<void> = () => Promise.resolve()) {
    this.pause = pause
  }

  readonly attach = async (of: Pair): Promise<PairDatabase> => {
    const name = formatPair(of)
    if (this.open.has(name)) throw new Error(`${name} is opened twice`)
    this.open.add(name)
    this.most = Math.max(this.most, this.open.size)
    await this.pause()
    if (this.failing.has(name)) {
      this.open.delete(name)
      throw new PairduckError('PAIR_CORRUPT', name)
    }
    this.opened++
    const close = async (): Promise<void> => {
      await this.pause()
      if (!this.open.delete(name)) throw new Error(`${name} is closed twice`)
    }
    return { name, broken: false, close } as unknown as PairDatabase
  }
}

const pools: ConnectionPool[] = []
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close().catch(() => undefined)
})

function poolOf(files: Files, options: Partial<PoolOptions> = {}): ConnectionPool {
  const pool = new ConnectionPool(
    files.attach,
    { maxConnections: 2, maxWaiting: 10, acquireTimeoutMs: 60_000, idleCloseMs: 1e6, ...options },
    new Events(),
    restsNever(),
  )
  pools.push(pool)
  return pool
}

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the line of those who wait', () => {
  it('is served in the order of coming', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1 })
    await pool.acquire(pair('A'))
    const served: string[] = []
    const waiters = ['B', 'C', 'D'].map(async (letter) => {
      const { name } = await pool.acquire(pair(letter))
      served.push(letter)
      pool.endLease(name)
    })
    await settle()
    expect(pool.stats()).toMatchObject({ waiting: 3, active: 1, size: 1 })
    pool.endLease(nameOf('A'))
    await Promise.all(waiters)
    expect(served).toEqual(['B', 'C', 'D'])
  })

  it('lets nobody pass who comes later and needs a place', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1 })
    await pool.acquire(pair('A'))
    const served: string[] = []
    const take = async (letter: string): Promise<void> => {
      const { name } = await pool.acquire(pair(letter))
      served.push(letter)
      pool.endLease(name)
    }
    const early = [take('B'), take('C')]
    await settle()
    pool.endLease(nameOf('A'))
    await Promise.all([...early, take('D')])
    expect(served).toEqual(['B', 'C', 'D'])
  })

  it('serves all who wait for the pair that was opened, at once', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1 })
    await pool.acquire(pair('A'))
    const both = [pool.acquire(pair('B')), pool.acquire(pair('B'))]
    await settle()
    pool.endLease(nameOf('A'))
    // The first never gives B back: the second must not wait for that.
    await Promise.all(both)
    expect(pool.stats()).toMatchObject({ active: 1, waiting: 0, hits: 1, misses: 2 })
  })

  it('loses no place when one who was called needs none', async () => {
    const files = new Files()
    const pool = poolOf(files, { maxConnections: 2 })
    await pool.acquire(pair('A'))
    await pool.acquire(pair('B'))
    const waiting = [pool.acquire(pair('C')), pool.acquire(pair('C')), pool.acquire(pair('D'))]
    await settle()
    pool.endLease(nameOf('A'))
    pool.endLease(nameOf('B'))
    await Promise.all(waiting)
    expect(pool.stats()).toMatchObject({ size: 2, active: 2, waiting: 0 })
  })

  it('is bounded', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1, maxWaiting: 2 })
    await pool.acquire(pair('A'))
    const waiting = [pool.acquire(pair('B')), pool.acquire(pair('C'))]
    await settle()
    await expect(pool.acquire(pair('D'))).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' })
    // Who needs no place does not stand in it.
    await expect(pool.acquire(pair('A'))).resolves.toBeDefined()
    pool.endLease(nameOf('A'))
    pool.endLease(nameOf('A'))
    pool.endLease((await waiting[0]!).name)
    await waiting[1]
  })

  it('of length 0 still lets an idle pair make room', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1, maxWaiting: 0, acquireTimeoutMs: 0 })
    pool.endLease((await pool.acquire(pair('A'))).name)
    const second = pool.acquire(pair('B'))
    const third = pool.acquire(pair('C'))
    await expect(third).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' })
    expect((await second).name).toBe(nameOf('B'))
  })

  it('ends at the deadline and with the signal, and the next moves up', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1 })
    await pool.acquire(pair('A'))
    await expect(pool.acquire(pair('B'), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      message: expect.stringContaining('deadline'),
    })
    const reason = new Error('changed my mind')
    const abort = new AbortController()
    const aborted = pool.acquire(pair('C'), { signal: abort.signal })
    const patient = pool.acquire(pair('D'))
    await settle()
    abort.abort(reason)
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    await expect(pool.acquire(pair('C'), { signal: abort.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(pool.stats().waiting).toBe(1)
    pool.endLease(nameOf('A'))
    expect((await patient).name).toBe(nameOf('D'))
  })

  it('says that its own file is being closed, not that all places are taken', () => {
    const slot = {
      name: nameOf('A'),
      leases: 0,
      opened: new Promise<PairDatabase>(() => undefined),
      closed: Promise.resolve(),
    }
    expect(waitReason(nameOf('A'), slot, 200).subject).toMatch(/^x\/y\/A: its file is being closed/)
    expect(waitReason(nameOf('A'), undefined, 200).subject).toMatch(/^all 200 connections/)
  })

  it('waits as long as it is told, not as long as a timer can count', async () => {
    const pool = poolOf(new Files(), { maxConnections: 1, acquireTimeoutMs: 1e12 })
    await pool.acquire(pair('A'))
    let ended = false
    const waiting = pool.acquire(pair('B')).finally(() => (ended = true))
    for (let turn = 0; turn < 20; turn++) await settle()
    expect(ended).toBe(false)
    pool.endLease(nameOf('A'))
    await waiting
  })
})

describe('a place', () => {
  it('comes free when opening fails, and everybody who waited for it is told', async () => {
    const files = new Files()
    const pool = poolOf(files, { maxConnections: 1 })
    files.failing.add(nameOf('A'))
    const ends = await Promise.allSettled([
      pool.acquire(pair('A')),
      pool.acquire(pair('A')),
      pool.acquire(pair('A')),
      pool.acquire(pair('B')),
    ])
    expect(ends.map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(pool.stats()).toMatchObject({ size: 1, activePairs: [nameOf('B')] })
    pool.endLease(nameOf('B'))
    files.failing.clear()
    await expect(pool.acquire(pair('A'))).resolves.toBeDefined()
  })

  it('is not given while its pair is being closed', async () => {
    let release!: () => void
    const files = new Files(() => new Promise((resolve) => (release = resolve)))
    const pool = poolOf(files)
    const opening = pool.acquire(pair('A'))
    release()
    await opening
    pool.endLease(nameOf('A'))
    pool.closeIdle({ all: true })
    const again = pool.acquire(pair('A'))
    await settle()
    expect(files.opened).toBe(1)
    release()
    await settle()
    release()
    await again
    expect(files.opened).toBe(2)
    files.pause = () => Promise.resolve()
  })

  it('goes to the pair that was idle longest', async () => {
    const files = new Files()
    const pool = poolOf(files)
    for (const letter of ['A', 'B', 'A']) pool.endLease((await pool.acquire(pair(letter))).name)
    pool.endLease((await pool.acquire(pair('C'))).name)
    expect([...files.open].sort()).toEqual([nameOf('A'), nameOf('C')])
    expect(pool.stats()).toMatchObject({
      size: 2,
      idle: 2,
      hits: 1,
      misses: 3,
      hitRate: 0.25,
      evictions: 1,
    })
  })

  it('of a broken file waits until nobody holds it, then it is opened anew', async () => {
    const files = new Files()
    const pool = poolOf(files)
    const database = await pool.acquire(pair('A'))
    breakFile(database)
    await expect(pool.acquire(pair('A'), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringContaining('gave its file up'),
    })
    const waiting = pool.acquire(pair('A'))
    await settle()
    expect(files.opened).toBe(1)
    pool.endLease(nameOf('A'))
    expect(await waiting).not.toBe(database)
    expect(files.opened).toBe(2)
  })

  it.each([
    ['pin', (pool: ConnectionPool) => pool.acquire(pair('A'))],
    ['use', (pool: ConnectionPool) => pool.use(pair('A'), (database) => Promise.resolve(database))],
  ])('of a file that broke while nobody held it is opened anew by %s', async (_by, ask) => {
    const files = new Files()
    const pool = poolOf(files, { maxConnections: 1 })
    const { name } = await pool.acquire(pair('A'))
    const database = await pool.acquire(pair('A'))
    pool.endLease(name)
    pool.endLease(name)
    breakFile(database)
    expect(await ask(pool)).not.toBe(database)
    expect(files).toMatchObject({ opened: 2, most: 1 })
  })

  it('of a file that goes to another process ends at the deadline while it is held here', async () => {
    const files = new Files()
    const pool = poolOf(files, { maxConnections: 1 })
    const database = await pool.acquire(pair('A'))
    Object.assign(database, { isWrittenHere: false })
    expect(pool.drain(nameOf('A'))()).toBe(true)
    await expect(pool.acquire(pair('A'), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      message: expect.stringContaining('goes to another process'),
    })
    await expect(pool.acquire(pair('B'), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
    })
    pool.endLease(nameOf('A'))
    await pool.acquire(pair('A'))
    expect(files.opened).toBe(2)
  })

  it('can be taken from a pair for work on its closed file', async () => {
    const files = new Files()
    const pool = poolOf(files)
    pool.endLease((await pool.acquire(pair('A'))).name)
    let finish!: () => void
    const working = pool.whileClosed(
      nameOf('A'),
      () => {
        expect(files.open.has(nameOf('A'))).toBe(false)
        return new Promise<void>((resolve) => (finish = resolve))
      },
      'compaction',
    )
    await settle()
    await expect(pool.acquire(pair('A'), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
      message: expect.stringMatching(/compaction.*deadline/),
    })
    const pinning = pool.acquire(pair('A'))
    await settle()
    expect(files.opened).toBe(1)
    finish()
    await working
    await pinning
    expect(files.opened).toBe(2)
    const refused = pool.whileClosed(nameOf('A'), () => Promise.resolve(), 'repair')
    await expect(refused).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
  })

  it('goes before those who come while the pair is closed for it', async () => {
    const files = new Files()
    const pool = poolOf(files)
    pool.endLease((await pool.acquire(pair('A'))).name)
    const order: string[] = []
    const working = pool.whileClosed(nameOf('A'), async () => order.push('work'), 'repack')
    const coming = pool.acquire(pair('A')).then(() => order.push('lease'))
    await Promise.all([working, coming])
    expect(order).toEqual(['work', 'lease'])
  })
})

function breakFile(database: PairDatabase): void {
  Object.assign(database, { broken: true })
}

describe('a closed pool', () => {
  it('refuses whoever comes and whoever waits, and tells every failure', async () => {
    const files = new Files()
    const pool = poolOf(files, { maxConnections: 2 })
    for (const letter of ['A', 'B']) {
      const database = await pool.acquire(pair(letter))
      const error = letter === 'A' ? new Error(letter) : new PairduckError('DISK_FULL', letter)
      database.close = () => Promise.reject(error)
    }
    const waiting = Promise.allSettled([pool.acquire(pair('C'))])
    await settle()
    const failure: unknown = await pool.close().catch((error: unknown) => error)
    expect(await waiting).toMatchObject([{ status: 'rejected', reason: { code: 'CLOSED' } }])
    expect(failure).toBeInstanceOf(AggregateError)
    expect((failure as AggregateError).errors.map(String)).toEqual(['Error: A', 'PairduckError: B'])
    expect(failure).toHaveProperty('code', 'DISK_FULL')
    await expect(pool.acquire(pair('A'))).rejects.toMatchObject({ code: 'CLOSED' })
    expect(pool.close()).toBe(pool.close())
  })
})

describe('whatever happens in whatever order', () => {
  const steps = fc.array(
    fc.record({
      letter: fc.constantFrom(...'ABCDE'),
      // How a holder behaves: works and gives back, gives up, or finds its file damaged.
      kind: fc.constantFrom('work', 'work', 'work', 'abort', 'idle', 'fail'),
    }),
    { maxLength: 40, size: 'max' },
  )

  it('there are never too many, none is opened twice, and everybody is answered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 4 }),
        steps,
        async (s, max, plan) => {
          const files = new Files(() => s.schedule(Promise.resolve(), 'disk'))
          const pool = poolOf(files, { maxConnections: max, maxWaiting: 1000 })
          const held = new Map<string, number>()
          let answered = 0
          const one = async ({ letter, kind }: (typeof plan)[number]): Promise<void> => {
            await s.schedule(Promise.resolve(), 'begin')
            const abort = new AbortController()
            if (kind === 'idle') pool.closeIdle({ all: true })
            if (kind === 'fail') files.failing.add(nameOf(letter))
            else files.failing.delete(nameOf(letter))
            if (kind === 'abort')
              void s.schedule(Promise.resolve(), 'abort').then(() => abort.abort())
            try {
              const database = await pool.acquire(pair(letter), { signal: abort.signal })
              expect(files.open.has(database.name)).toBe(true)
              held.set(database.name, (held.get(database.name) ?? 0) + 1)
              expect(held.size).toBeLessThanOrEqual(max)
              await s.schedule(Promise.resolve(), 'work')
              expect(files.open.has(database.name)).toBe(true)
              const left = held.get(database.name)! - 1
              if (left === 0) held.delete(database.name)
              else held.set(database.name, left)
              pool.endLease(database.name)
            } catch (error) {
              if (!PairduckError.is(error, 'PAIR_CORRUPT') && !PairduckError.is(error, 'ABORTED'))
                throw error
            }
            answered++
          }
          const all = Promise.all(plan.map((step) => one(step)))
          await s.waitFor(all)
          expect(answered).toBe(plan.length)
          expect(files.most).toBeLessThanOrEqual(max)
          await s.waitFor(pool.close())
          expect(files.open.size).toBe(0)
          expect(pool.stats().waiting).toBe(0)
        },
      ),
      { numRuns: 150 },
    )
  })
})
