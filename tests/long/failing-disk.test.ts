import { it } from 'vitest'
import { everyFault, expectFaultsSurvived } from '../support/disk/failing-disk.ts'

it('any call of the system may fail: an error by name at most, nothing acknowledged lost', async () => {
  const faults = await everyFault()
  for (let from = 0; from < faults.length; from += 40)
    await expectFaultsSurvived(faults.slice(from, from + 40))
}, 3_600_000)
