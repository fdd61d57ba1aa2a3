import { it } from 'vitest'
import { expectBoundedFiles } from '../../support/bounded-files.ts'

// The steady state begins at the twentieth minute; tests/long has a whole day.
it(
  'files stay small over half an hour of 50 ticks a second',
  () => expectBoundedFiles(0.5),
  300_000,
)
