import { Readable } from 'node:stream'

/** Pieces of a text or of a file. Each is lent: the third one after it may be written over it. */
export type Parts = AsyncIterable<Uint8Array | string>

const lentAtOnce = 3

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
 * Makes parts in the same memory again and again. In new one each a hundred megabytes are garbage a
 * moment later, and V8 looks through its whole heap for them.
 */
export class LentBuffers {
  readonly #buffers: Buffer[] = []
  #turn = 0

  joined(pieces: readonly Uint8Array[]): Uint8Array {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (length < leastLent) return Buffer.concat(pieces, length)
    this.#turn = (this.#turn + 1) % lentAtOnce
    if ((this.#buffers[this.#turn]?.length ?? 0) < length)
      this.#buffers[this.#turn] = Buffer.allocUnsafeSlow(length + (length >> 3))
    const joined = this.#buffers[this.#turn]!.subarray(0, length)
    let at = 0
    for (const piece of pieces) {
      joined.set(piece, at)
      at += piece.length
    }
    return joined
  }
}
