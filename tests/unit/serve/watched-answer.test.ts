import { expect, it } from 'vitest'
import { WatchedAnswer } from '../../../src/serve/safety/watched-answer.ts'

const megabyte = 2 ** 20
const limit = 128 * megabyte

/** Of an answer for which the engine has been at a statement for longer than the looks below are apart. */
async function running(): Promise<WatchedAnswer> {
  const answer = new WatchedAnswer('sql', limit, () => undefined)
  answer.began()
  await expect.poll(() => answer.runsSince < performance.now()).toBe(true)
  return answer
}

/** Another one was ended so many times, while the process grew by so much and gave `back` again. */
function othersWereEnded(answer: WatchedAnswer, times: number, back: number): void {
  for (let time = 0; time < times; time++) {
    answer.grewBy(limit, 0, { anothers: false })
    answer.forgive()
    answer.grewBy(limit / 2, 0, { anothers: true })
    answer.grewBy(-back, 0, { anothers: true })
  }
}

it('is not charged with what others took that were ended and gave it back', async () => {
  const answer = await running()
  othersWereEnded(answer, 100, limit * 1.5)
  expect(answer.isOver).toBe(false)
})

it('is over, though others were ended for what the process grew by, when it never falls again', async () => {
  const answer = await running()
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
