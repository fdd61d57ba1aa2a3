import { beforeAll, describe, expect, it } from 'vitest'
import { blockSizes, type BlockSize } from '../../../src/storage/duckdb/block-size.ts'
import { atFirstCheckpoint, atRepackSwap, recordProgram } from '../../support/disk/crash-states.ts'
import { crashes, expectCrashesSurvived } from '../../support/disk/expect-crashes-survived.ts'
import { engineWrites } from '../../support/disk/engine-writes.ts'
import { lottery } from '../../support/disk/lottery.ts'
import { recordedPair } from '../../support/disk/recorded-program.ts'
import type { DiskCall } from '../../support/disk/recording.ts'
import { oneIn } from '../../support/one-in.ts'
import { noShimReason } from '../../support/disk/shim-library.ts'

/** Few, of the size that only who asks for it gets fewer still; tests/long goes through all states. */
const statesOf = (blockSize: BlockSize): number => (blockSize === 262_144 ? 1 : 2)

// The smallest is that of most files; the others take turns.
const [smallest, ...larger] = blockSizes

describe.skipIf(noShimReason !== undefined).each([smallest!, ...oneIn(larger.length, larger)])(
  'in blocks of %d bytes nothing is refused, lost or half there',
  (blockSize) => {
    let calls: DiskCall[]

    beforeAll(async () => {
      calls = await recordProgram(blockSize)
    })

    it.each(crashes)('%s', (crash) =>
      expectCrashesSurvived(calls, { crash, states: statesOf(blockSize), random: lottery(1) }),
    )

    it.each(crashes)('%s where a repacked file takes the place of the old one', (crash) =>
      expectCrashesSurvived(calls, {
        crash,
        states: statesOf(blockSize),
        random: lottery(2),
        among: (points) => atRepackSwap(calls, points),
      }),
    )

    it.skipIf(blockSize !== 16_384)('power lost while the first checkpoint of a log writes', () =>
      expectCrashesSurvived(calls, {
        crash: 'power lost, names by folder',
        states: 6,
        random: lottery(7),
        among: (points) => atFirstCheckpoint(calls, points),
      }),
    )

    // With another version of the engine: if this fails, files must not be mended as they are.
    it('the engine writes as the mending of files relies upon', async () => {
      const writes = await engineWrites(calls, `data/${recordedPair}/trading.duckdb`)
      expect(writes.faults).toEqual([])
      expect(writes.metadataInPlace).toBeGreaterThan(0)
      expect(writes.headers).toBeGreaterThan(0)
      expect(writes.commits).toBeGreaterThan(0)
    })
  },
)
