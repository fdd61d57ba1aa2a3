import { Readable } from 'node:stream'

/** Pieces of a text or of a file. Each is lent, as the batch is that it is made of. */
export type Parts = AsyncIterable<Uint8Array | string>

/**
 * A stream of parts to be piped. It keeps one of them, and asks for the next when that one is taken;
 * `pipe` takes one when what it gave before has left, if that was as much as buffers begin at.
 */
export function streamOfParts(parts: Parts): Readable {
  return Readable.from(parts, { objectMode: false, highWaterMark: 1 })
}

/** Smaller ones may leave together with others: they get memory of their own. */
const leastLent = 2 ** 17

/**
 * Large pieces as they lie in a batch's memory, and what is between them together. To copy them into
 * one took as long as to read the batch.
 */
export function* partsOf(pieces: readonly Uint8Array[]): Generator<Uint8Array, void, undefined> {
  let small: Uint8Array[] = []
  for (const piece of pieces) {
    if (piece.length < leastLent) {
      small.push(piece)
      continue
    }
    if (small.length > 0) yield Buffer.concat(small)
    small = []
    yield piece
  }
  if (small.length > 0) yield Buffer.concat(small)
}
