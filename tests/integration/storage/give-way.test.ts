import { fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GiveWay } from '../../../src/storage/upkeep/give-way.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { countTicks, openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'
import type { DatabaseManager } from '../../../src/index.ts'

const pair = 'x/spot/A'

/** A store with ten ticks of the pair, whose file is closed. */
async function stored(): Promise<string> {
  const dataDir = temporaryFolder()
  const db = await openManager({ dataDir })
  await db.insertTicks(pair, someTicks(10))
  await db.close()
  return dataDir
}

/** A bot of another process that is started now and stores a tick; what became of that. */
async function botStores(dataDir: string, timeoutMs = 20_000): Promise<unknown> {
  const program = await childProgram(
    new URL('../../support/one-insert-process.ts', import.meta.url),
  )
  const child = fork(program, [dataDir, pair, '11', String(timeoutMs)])
  onTestFinished(() => void child.kill())
  return nextWord(child)
}

/** Asks without a pause, by several callers, until the process that took the pair is told of. */
async function askUntilTaken(db: DatabaseManager): Promise<unknown> {
  const ask = async (): Promise<unknown> => {
    for (;;)
      try {
        await countTicks(db, pair)
      } catch (error) {
        return error
      }
  }
  return Promise.race(Array.from({ length: 4 }, ask))
}

describe('a process that only reads a pair', () => {
  it('gives its file to one that writes, however often it is asked', async () => {
    const dataDir = await stored()
    const reader = await openManager({ dataDir })
    const [told, refused] = await Promise.all([botStores(dataDir), askUntilTaken(reader)])
    expect(told).toEqual({ inserted: 1 })
    expect(refused).toMatchObject({ code: 'PAIR_LOCKED' })
  })

  it('ends a stream that nobody reads on', async () => {
    const dataDir = await stored()
    const reader = await openManager({ dataDir })
    const stream = await reader.streamColumns(pair, sql('SELECT random() FROM range(100_000_000)'))
    const batches = stream[Symbol.asyncIterator]()
    await batches.next()
    expect(await botStores(dataDir)).toEqual({ inserted: 1 })
    await expect(batches.next()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('does so too with what a bot had acknowledged that was killed', async () => {
    const dataDir = await stored()
    const program = await childProgram(
      new URL('../../support/one-insert-process.ts', import.meta.url),
    )
    const killed = fork(program, [dataDir, pair, '100'])
    await nextWord(killed)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const reader = await openManager({ dataDir })
    expect(await countTicks(reader, pair)).toBe(11)
    const [told] = await Promise.all([botStores(dataDir), askUntilTaken(reader)])
    expect(told).toEqual({ inserted: 1 })
  })

  it('keeps it while a caller has a lease, and once it has written', async () => {
    const dataDir = await stored()
    const db = await openManager({ dataDir })
    const lease = await db.acquire(pair)
    expect(await botStores(dataDir, 2000)).toMatchObject({ code: 'PAIR_LOCKED' })
    expect(await lease.query(sql('SELECT count(*) AS n FROM ticks'))).toEqual([{ n: 10 }])
    await lease.release()
    await db.insertTicks(pair, someTicks(1, { first: 50 }))
    expect(await botStores(dataDir, 2000)).toMatchObject({ code: 'PAIR_LOCKED' })
    expect(await countTicks(db, pair)).toBe(11)
  })

  it('keeps it for a caller who is just being given a lease', async () => {
    const db = await openManager({ dataDir: await stored() })
    expect(await countTicks(db, pair)).toBe(10)
    const giveWay = new GiveWay(db.pool, db['leases'], { wanted: async (names) => [...names] })
    const coming = db.acquire(pair)
    const look = giveWay.look()
    const lease = await coming
    // Else the file waits for the lease to end, and who reads with the lease in his hand for the file.
    expect(await countTicks(db, pair)).toBe(10)
    await lease.release()
    await look
    await giveWay.stop()
  })
})
