import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WatchedAnswer } from '../../../src/serve/safety/watched-answer.ts'

const megabyte = 2 ** 20
const limit = 128 * megabyte
const lookMs = 50

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

function watched(): WatchedAnswer {
  return new WatchedAnswer('sql', limit, () => undefined)
}

/** The process grew by that until the next look. */
function look(answer: WatchedAnswer, bytes: number, { anothers = false } = {}): void {
  vi.advanceTimersByTime(lookMs)
  answer.grewBy(bytes, lookMs, { anothers })
}

/** Another one was ended so many times, while the process grew by twice the limit and gave `back` again. */
function othersWereEnded(answer: WatchedAnswer, times: number, back: number): void {
  for (let time = 0; time < times; time++) {
    look(answer, limit)
    answer.forgive()
    look(answer, limit / 2, { anothers: true })
    look(answer, -back, { anothers: true })
  }
}

it('is not charged with what others took that were ended and gave it back', () => {
  const answer = watched()
  answer.began()
  othersWereEnded(answer, 100, limit * 1.5)
  expect([answer.isOver, answer.held]).toEqual([false, 0])
})

it('is over, though others were ended for what the process grew by, when it never falls again', () => {
  const answer = watched()
  answer.began()
  othersWereEnded(answer, 1, 0)
  expect(answer.isOver).toBe(false)
  othersWereEnded(answer, 2, 0)
  expect(answer.isOver).toBe(true)
  answer.refuse()
  expect(answer.whyEnded(undefined)).toMatchObject({
    code: 'REQUEST_REFUSED',
    message: expect.stringContaining('the process grew by 576 MB, and may by 128') as string,
  })
})

it('holds nothing of what others took in its many turns, and gave back in later ones', () => {
  const answer = watched()
  for (let turn = 0; turn < 20; turn++) {
    answer.began()
    look(answer, turn % 2 === 0 ? limit / 2 : -limit / 2)
    answer.ended()
  }
  expect(answer.held).toBe(0)
})

it('holds what the process grew by in turns that were over before a look', () => {
  const answer = watched()
  for (let turn = 0; turn < 10; turn++) {
    answer.began()
    vi.advanceTimersByTime(lookMs / 5)
    answer.ended()
    vi.advanceTimersByTime((lookMs * 4) / 5)
    answer.grewBy(50 * megabyte, lookMs, { anothers: false })
  }
  expect(answer.held).toBeCloseTo(100 * megabyte)
})
