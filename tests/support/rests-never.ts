import { RestingPairs } from '../../src/storage/pool/resting-pairs.ts'

/** For pools whose files are none: nothing is kept of a pair that was closed. */
export function restsNever(): RestingPairs {
  return new RestingPairs({ options: { idleCloseMs: 1e6 } } as ConstructorParameters<
    typeof RestingPairs
  >[0])
}
