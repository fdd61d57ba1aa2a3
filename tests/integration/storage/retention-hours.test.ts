import { it } from 'vitest'
import { expectBoundedFiles } from '../../support/bounded-files.ts'

// Two hours are long past the steady state; tests/long has a whole day.
it('files stay small over two hours of 50 ticks a second', () => expectBoundedFiles(2), 300_000)
