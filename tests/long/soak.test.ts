import { it } from 'vitest'
import { rotatingSeed } from '../support/rotating-seed.ts'
import { expectFlat } from '../support/soak/expect-flat.ts'

/** PAIRDUCK_SOAK_SECONDS: how long it takes, ten minutes if nothing is said; three times as long where it grows. */
const seconds = Number(process.env['PAIRDUCK_SOAK_SECONDS'] ?? 600)

it(
  'memory, descriptors, files and what waits stay flat under a careless program',
  () => expectFlat({ seed: rotatingSeed(), forMs: seconds * 1000, everyMs: 60, samples: 60 }),
  4 * seconds * 1000 + 60_000,
)
