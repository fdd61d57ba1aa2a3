import { it } from 'vitest'
import { expectBoundedFiles } from '../support/bounded-files.ts'

it('files stay small over a day of 50 ticks a second', () => expectBoundedFiles(24))
