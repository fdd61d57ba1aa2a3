import { beforeAll, describe, it } from 'vitest'
import { blockSizes, type BlockSize } from '../../src/storage/duckdb/block-size.ts'
import { recordProgram } from '../support/disk/crash-states.ts'
import { crashes, expectCrashesSurvived } from '../support/disk/expect-crashes-survived.ts'
import { lottery } from '../support/disk/lottery.ts'
import type { DiskCall } from '../support/disk/recording.ts'

const hour = 3_600_000
const seed = Number(process.env['CRASH_SEED'] ?? 1)
/** All of the two that files are made with; of the engine's own size, which only who asks for it gets, some. */
const statesOf = (blockSize: BlockSize): number => (blockSize === 262_144 ? 100 : Infinity)

describe.each(blockSizes)(
  'in blocks of %d bytes nothing is refused, lost or half there, at any call and any tear',
  (blockSize) => {
    let calls: DiskCall[]

    beforeAll(async () => {
      calls = await recordProgram(blockSize)
    }, hour)

    it.each(crashes)(
      '%s',
      (crash) =>
        expectCrashesSurvived(calls, { crash, states: statesOf(blockSize), random: lottery(seed) }),
      hour,
    )
  },
)
