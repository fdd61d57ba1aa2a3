import { describe, expect, it } from 'vitest'
import { ThreadBudget } from '../../../src/storage/duckdb/thread-budget.ts'

/** Statements that go on until they are let go, and how many of them have begun. */
class Held {
  begun = 0
  readonly #ends: (() => void)[] = []

  readonly statement = (): Promise<void> => {
    this.begun++
    return new Promise((resolve) => this.#ends.push(resolve))
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the threads of a pool', () => {
  it.each([
    // threads, reads at once (half), writes at once (the others but one, at most 16)
    [1, 1, 1],
    [2, 1, 1],
    [4, 2, 1],
    [5, 2, 2],
    [16, 8, 7],
    [64, 32, 16],
  ])('of %i have room for %i reads, %i writes, and one for the log', async (threads, r, w) => {
    const budget = new ThreadBudget(1, threads)
    const reads = new Held()
    const writes = new Held()
    const all = Array.from({ length: 100 }, () => [
      budget.read(reads.statement),
      budget.write(writes.statement),
    ]).flat()
    await settle()
    expect([reads.begun, writes.begun]).toEqual([r, w])
    while (reads.begun + writes.begun < 200 || reads.begun < 100) {
      reads.end()
      writes.end()
      await settle()
    }
    reads.end()
    writes.end()
    await Promise.all(all)
  })
})

describe('a signal', () => {
  it('ends the waiting for a thread, but not what is on one: it keeps its place', async () => {
    const budget = new ThreadBudget(1, 2)
    const held = new Held()
    const abort = new AbortController()
    const running = budget.read(held.statement, abort.signal)
    const waiting = budget.read(held.statement, abort.signal)
    const patient = budget.read(held.statement)
    await settle()
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(budget.read(held.statement, abort.signal)).rejects.toBe(reason)
    await settle()
    expect(held.begun).toBe(1)
    held.end()
    await running
    await settle()
    expect(held.begun).toBe(2)
    held.end()
    await patient
  })
})
