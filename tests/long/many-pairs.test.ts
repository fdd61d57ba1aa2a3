import { it } from 'vitest'
import { expectAllThroughFive } from '../support/few-places.ts'

it('500 pairs go through 5 places, and all is there', () => expectAllThroughFive(500))
