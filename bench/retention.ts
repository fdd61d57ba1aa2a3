/** What a file takes on the disk over 24 simulated hours of 50 ticks a second in commits of 10. */
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { simulateRetention } from './storage/retention-day.ts'

const hours = 24

export async function run(): Promise<readonly BenchRow[]> {
  const { largestBytes, freshBytes, worstShareOfBound } = await inScratchFolder((folder) =>
    simulateRetention(folder, hours * 60),
  )
  const fresh = `${(freshBytes / 2 ** 20).toFixed(2)} MB`
  const name = `${hours} h of 50 ticks/s, default retention`
  return [
    {
      name: `${name}: largest file + WAL`,
      value: largestBytes / 2 ** 20,
      unit: 'MB',
      comparedWith: `the live rows written fresh, just after a cleanup: ${fresh}`,
      ratio: largestBytes / freshBytes,
    },
    {
      name: `${name}: worst moment`,
      value: worstShareOfBound * 100,
      unit: '%',
      comparedWith: 'the bound: 3 × the live rows written fresh, or 2 MB more',
      ratio: worstShareOfBound,
      target: { atMost: 1 },
    },
  ]
}
