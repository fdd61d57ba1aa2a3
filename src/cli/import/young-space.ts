import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8's space for new objects stay as small as it is. It would grow to 16 MB three times over,
 * and keep twice that of buffers that nobody uses any more: of an import, whose rows are in buffers
 * that live for one batch, 35 MB for nothing. For a process that imports and ends, no other.
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
