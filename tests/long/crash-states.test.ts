import { beforeAll, describe, it } from 'vitest'
import { blockSizes } from '../../src/storage/duckdb/block-size.ts'
import { recordProgram } from '../support/disk/crash-states.ts'
import { crashes, expectCrashesSurvived } from '../support/disk/expect-crashes-survived.ts'
import { lottery } from '../support/disk/lottery.ts'
import type { DiskCall } from '../support/disk/recording.ts'

const hour = 3_600_000
const seed = Number(process.env['CRASH_SEED'] ?? 1)

describe.each(blockSizes)(
  'in blocks of %d bytes nothing is refused, lost or half there, at any call and any tear',
  (blockSize) => {
    let calls: DiskCall[]

    beforeAll(async () => {
      calls = await recordProgram(blockSize)
    }, hour)

    it.each(crashes)(
      '%s',
      (crash) => expectCrashesSurvived(calls, { crash, states: Infinity, random: lottery(seed) }),
      hour,
    )
  },
)
