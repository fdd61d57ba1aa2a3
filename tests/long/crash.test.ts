import { it } from 'vitest'
import { expectCrashSafe } from '../support/crash-loop.ts'
import { rotatingSeed } from '../support/rotating-seed.ts'

it('keeps every acknowledged tick, and none twice, through kill -9', async () => {
  await expectCrashSafe(200, rotatingSeed())
})
