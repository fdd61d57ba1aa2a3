import { describe, it } from 'vitest'
import { everyFault, expectFaultsSurvived } from '../../support/disk/failing-disk.ts'
import { lottery, someOf } from '../../support/disk/lottery.ts'
import { noShimReason } from '../../support/disk/shim-library.ts'

/** Small; tests/long lets every call fail. */
const sample = 4

describe.skipIf(noShimReason !== undefined)('a call of the system that fails', () => {
  it('fails a call of ours by name at most, and nothing acknowledged is lost', async () => {
    await expectFaultsSurvived(someOf(await everyFault(), sample, lottery(5)))
  })
})
