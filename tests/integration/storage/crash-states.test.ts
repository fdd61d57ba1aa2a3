import { beforeAll, describe, it } from 'vitest'
import { recordProgram } from '../../support/disk/crash-states.ts'
import { crashes, expectCrashesSurvived } from '../../support/disk/expect-crashes-survived.ts'
import { lottery } from '../../support/disk/lottery.ts'
import type { DiskCall } from '../../support/disk/recording.ts'
import { noShimReason } from '../../support/disk/shim-library.ts'

/** Small; tests/long goes through all states. */
const states = 6

describe.skipIf(noShimReason !== undefined)('nothing is refused, lost or half there', () => {
  let calls: DiskCall[]

  beforeAll(async () => {
    calls = await recordProgram()
  })

  it.each(crashes)('%s', (crash) =>
    expectCrashesSurvived(calls, { crash, states, random: lottery(1) }),
  )
})
