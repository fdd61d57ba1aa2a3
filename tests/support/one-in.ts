import { propertyRuns } from './property-runs.ts'
import { rotatingSeed } from './rotating-seed.ts'

/** One in `n` of some cases in a run of CI, each time others; all of them in the long tests. */
export function oneIn<Case>(n: number, cases: readonly Case[]): readonly Case[] {
  if (propertyRuns(1) > 1) return cases
  const first = rotatingSeed() % n
  return cases.filter((_, index) => index % n === first)
}
