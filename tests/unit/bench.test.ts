import { describe, expect, it } from 'vitest'
import { interleave, median } from '../../bench/harness/interleave.ts'
import { reported } from '../../bench/harness/row.ts'

describe('interleave', () => {
  it('runs the sides in turn, the first place going round, and gives medians without the warm-up', async () => {
    const order: string[] = []
    const figures = { a: [1000, 5, 1, 9], b: [1000, 2, 2, 8] }
    const side = (name: 'a' | 'b') => (): number => {
      order.push(name)
      return figures[name].shift()!
    }
    const medians = await interleave({ a: side('a'), b: side('b') }, { rounds: 3, warmups: 1 })
    expect(medians).toEqual({ a: 5, b: 2 })
    expect(order.join('')).toBe('ab-ab-ba-ab'.replaceAll('-', ''))
  })

  it('takes the time of a side that gives no figure', async () => {
    const { waits } = await interleave({ waits: async () => {} }, { rounds: 1 })
    expect(waits).toBeGreaterThanOrEqual(0)
  })
})

describe('median', () => {
  it('takes the middle, or the mean of the two middles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })
})

describe('reported', () => {
  const row = { name: 'x', value: 0.123_456, unit: 'MB', comparedWith: 'y', ratio: 0.5 }

  it.each([
    [{ atLeast: 0.5 }, '≥ 0.5', true],
    [{ atLeast: 0.51 }, '≥ 0.51', false],
    [{ atMost: 0.4 }, '≤ 0.4', false],
    [{ atMost: 0.4, of: 'value' as const }, 'value ≤ 0.4', true],
  ])('holds the row to %o', (target, text, met) => {
    expect(reported('g', { ...row, target })).toEqual({
      group: 'g',
      ...row,
      value: 0.1235,
      target: text,
      met,
    })
  })

  it('says nothing about a target that there is not', () => {
    expect(reported('g', row)).not.toHaveProperty('met')
  })
})
