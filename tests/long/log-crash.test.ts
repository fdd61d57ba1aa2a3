import { it } from 'vitest'
import { expectLogCrashSafe } from '../support/log-kill-loop.ts'
import { rotatingSeed } from '../support/rotating-seed.ts'

it('the commit log keeps every acknowledged tick once through a thousand kills', async () => {
  await expectLogCrashSafe(1000, rotatingSeed())
})

it('and so it does where most pairs rest', async () => {
  await expectLogCrashSafe(300, rotatingSeed(), { places: 2 })
})
