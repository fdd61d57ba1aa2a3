import { it } from 'vitest'
import { rotatingSeed } from '../../support/rotating-seed.ts'
import { expectFlat } from '../../support/soak/expect-flat.ts'

it('a careless program of a second leaves nothing behind', () =>
  expectFlat({ seed: rotatingSeed(), forMs: 1500, everyMs: 0, samples: 3 }))
