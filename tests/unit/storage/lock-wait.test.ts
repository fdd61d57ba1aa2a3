import { expect, it } from 'vitest'
import { PairduckError } from '../../../src/errors.ts'
import { formatPair, parsePair, type Pair } from '../../../src/pair.ts'
import { ConnectionPool } from '../../../src/storage/pool/connection-pool.ts'
import { Events } from '../../../src/storage/events/events.ts'
import { LockWait } from '../../../src/storage/pool/lock-wait.ts'
import { restsNever } from '../../support/rests-never.ts'
import type { PairDatabase } from '../../../src/storage/pool/pair-database.ts'
import { untilWarned, warnings } from '../../support/warnings.ts'

const pair = parsePair('x/y/A')
const name = formatPair(pair)
const options = { maxConnections: 1, maxWaiting: 9, acquireTimeoutMs: 60_000, idleCloseMs: 1e6 }
const nobody = { ask: () => Promise.resolve(), withdraw: () => Promise.resolve() }

it('writes begin in order, whatever moment they come at while the file is refused once', async () => {
  for (let hops = 0; hops < 24; hops++) {
    let tries = 0
    const open = async (): Promise<PairDatabase> => {
      await Promise.resolve()
      if (tries++ === 0) throw new PairduckError('PAIR_LOCKED', name)
      return { name, broken: false, close: () => Promise.resolve() } as PairDatabase
    }
    const pool = new ConnectionPool(open, options, new Events(), restsNever())
    const writes = new LockWait(pool, options, nobody)
    const began: number[] = []
    const write = (number: number): Promise<number> =>
      writes.use(pair, () => Promise.resolve(began.push(number)))
    const calls = [write(1), write(2)]
    for (let hop = 0; hop < hops; hop++) await Promise.resolve()
    calls.push(write(3), write(4))
    expect(await Promise.all(calls)).toEqual([1, 2, 3, 4])
    expect({ hops, began }).toEqual({ hops, began: [1, 2, 3, 4] })
    expect(pool.stats()).toMatchObject({ active: 0, idle: 1 })
    await pool.close()
  }
})

it('waits for the pairs that a stopped worker holds without a warning of their number', async () => {
  const many = { ...options, maxConnections: 20, maxWaiting: 20 }
  const told = warnings()
  let isHeld = true
  const open = async ({ symbol }: Pair): Promise<PairDatabase> => {
    if (isHeld) throw new PairduckError('PAIR_LOCKED', symbol)
    const database = { name: `x/y/${symbol}`, broken: false, close: () => Promise.resolve() }
    return database as PairDatabase
  }
  const pool = new ConnectionPool(open, many, new Events(), restsNever())
  const writes = new LockWait(pool, many, nobody)
  const calls = Array.from({ length: 12 }, (_, number) =>
    writes.use(parsePair(`x/y/A${number}`), () => Promise.resolve(number)),
  )
  await untilWarned()
  isHeld = false
  expect(await Promise.all(calls)).toHaveLength(12)
  expect(told).toEqual([])
  await pool.close()
})
