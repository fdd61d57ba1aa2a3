import { describe, expect, it } from 'vitest'
import { lostRows } from '../../../src/storage/file/pair-state.ts'
import type { PairState } from '../../../src/storage/file/state-file.ts'

function state(rows: number, deletedBefore: number | null): PairState {
  return {
    schemaVersion: 1,
    clean: true,
    deletedBefore,
    relations: { ticks: { rows, oldest: 1, newest: 2 } },
  }
}

describe('rows are lost', () => {
  it('when there are fewer than when the file was last measured', () => {
    expect(lostRows(state(5, null), { ticks: 4, deletedBefore: null })).toEqual([
      { relation: 'ticks', expectedRows: 5, foundRows: 4 },
    ])
    expect(lostRows(state(5, 100), { ticks: 0, deletedBefore: 100 })).toHaveLength(1)
  })

  it('when the file is older than it was: a mark of retention never goes back', () => {
    expect(lostRows(state(5, 100), { ticks: 9, deletedBefore: 99 })).toHaveLength(1)
    expect(lostRows(state(5, 100), { ticks: 9, deletedBefore: null })).toHaveLength(1)
  })

  it('not when more came, nor when retention deleted since', () => {
    expect(lostRows(state(5, null), { ticks: 5, deletedBefore: null })).toEqual([])
    expect(lostRows(state(5, null), { ticks: 6, deletedBefore: null })).toEqual([])
    expect(lostRows(state(5, 100), { ticks: 0, deletedBefore: 200 })).toEqual([])
    expect(lostRows(state(5, null), { ticks: 0, deletedBefore: 200 })).toEqual([])
    expect(lostRows(undefined, { ticks: 0, deletedBefore: null })).toEqual([])
  })
})
