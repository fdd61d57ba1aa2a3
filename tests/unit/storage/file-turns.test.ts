import { EventEmitter, once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ThreadBudget } from '../../../src/storage/duckdb/thread-budget.ts'
import { FileTurns } from '../../../src/storage/write/file-turns.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const fails = (): Promise<void> => Promise.reject(new Error('broken'))

/** Something that waits until it is opened. */
function held(): { readonly opens: Promise<void>; readonly open: () => void } {
  const gate = new EventEmitter()
  const opens = once(gate, 'open').then(() => undefined)
  return { opens, open: () => void gate.emit('open') }
}

/** A budget of one write at a time, which a pair holds until `end`; what ran is listed. */
function busy(): {
  budget: ThreadBudget
  ran: string[]
  note: (name: string) => () => Promise<void>
  end: () => Promise<void>
} {
  const budget = new ThreadBudget(1, 4)
  const ran: string[] = []
  const gate = held()
  const holding = budget.write(() => gate.opens)
  return {
    budget,
    ran,
    note: (name) => async () => void ran.push(name),
    end: () => (gate.open(), holding),
  }
}

describe('the turns at the file of a pair', () => {
  it('that somebody waits for come before what all other pairs do unasked', async () => {
    const { budget, ran, note, end } = busy()
    const pairs = ['a', 'b', 'c', 'd'].map((name) => ({ name, turns: new FileTurns(budget) }))
    const spare = pairs.map(({ name, turns }) => turns.takeSpare(note(`${name} unasked`)))
    await settle()
    const asked = pairs.at(-1)!.turns.take(note('d asked'))
    await settle()
    await end()
    await Promise.all([asked, ...spare])
    expect(ran).toEqual(['d asked', 'a unasked', 'b unasked', 'c unasked'])
  })

  it('are one at a time and in order; what is unasked and has begun is not broken off', async () => {
    const budget = new ThreadBudget(1, 16)
    const turns = new FileTurns(budget)
    const ran: string[] = []
    const gate = held()
    const spare = turns.takeSpare(async () => {
      await gate.opens
      ran.push('unasked')
    })
    await settle()
    const all = ['1', '2'].map((name) => turns.take(async () => void ran.push(name)))
    await settle()
    expect(ran).toEqual([])
    gate.open()
    await Promise.all([spare, ...all, turns.ended()])
    expect(ran).toEqual(['unasked', '1', '2'])
  })

  it('tell what fails of either kind, and go on', async () => {
    const turns = new FileTurns(new ThreadBudget(1, 4))
    await expect(turns.takeSpare(fails)).rejects.toThrow('broken')
    await expect(turns.take(fails)).rejects.toThrow('broken')
    expect(await turns.take(async () => 7)).toBe(7)
  })

  it('are waited for once, however often they are wished for unasked', async () => {
    const { budget, ran, note, end } = busy()
    const turns = new FileTurns(budget)
    const spare = [1, 2, 3].map((each) => turns.takeSpare(note(String(each))))
    await end()
    await Promise.all(spare)
    expect(ran).toEqual(['1'])
    await turns.takeSpare(note('later'))
    expect(ran).toEqual(['1', 'later'])
  })
})
