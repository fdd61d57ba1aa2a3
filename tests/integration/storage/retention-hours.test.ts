import { it } from 'vitest'
import { expectBoundedFiles } from '../../support/bounded-files.ts'

// Three hours are long past the steady state; tests/long has a whole day.
it('files stay small over three hours of 50 ticks a second', () => expectBoundedFiles(3), 300_000)
