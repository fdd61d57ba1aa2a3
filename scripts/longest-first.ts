import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest and are short to read: vitest begins with those of the most bytes. */
const longest = [
  'long/crash-states.test.ts',
  'long/log-crash.test.ts',
  'long/crash.test.ts',
  'long/soak.test.ts',
  'integration/package.test.ts',
  'integration/storage/crash-states.test.ts',
  'integration/storage/failing-disk.test.ts',
  'integration/storage/repair-known.test.ts',
  'integration/mirror/histories.test.ts',
  'integration/mirror/prune-kills.test.ts',
  'integration/storage-crash.test.ts',
  'integration/storage/retention-hours.test.ts',
]

/** Begins with the files that take longest: one of them that came last would run alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return longest.some((name) => moduleId.endsWith(`/tests/${name}`))
}
