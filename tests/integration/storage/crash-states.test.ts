import { beforeAll, describe, expect, it } from 'vitest'
import { recordProgram } from '../../support/disk/crash-states.ts'
import { crashes, expectCrashesSurvived } from '../../support/disk/expect-crashes-survived.ts'
import { engineWrites } from '../../support/disk/engine-writes.ts'
import { lottery } from '../../support/disk/lottery.ts'
import { recordedPair } from '../../support/disk/recorded-program.ts'
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

  // With another version of the engine: if this fails, files must not be mended as they are.
  it('the engine writes as the mending of files relies upon', async () => {
    const writes = await engineWrites(calls, `data/${recordedPair}/trading.duckdb`)
    expect(writes.faults).toEqual([])
    expect(writes.metadataInPlace).toBeGreaterThan(0)
    expect(writes.headers).toBeGreaterThan(0)
    expect(writes.commits).toBeGreaterThan(0)
  })
})
