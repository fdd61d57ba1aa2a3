/** Batches that are lent at once: one that is read, one that is ready, one that is being filled. */
const lentAtOnce = 3

/**
 * Memory for a column's batches, filled and lent in turn: new memory for each would be as much
 * garbage as there are rows, for which the whole heap is looked through.
 */
export class LentRooms {
  readonly #rooms: Uint8Array[] = Array.from({ length: lentAtOnce }, () => new Uint8Array())
  #turn = 0

  /** All of the room that is being filled. */
  get bytes(): Uint8Array {
    return this.#rooms[this.#turn]!
  }

  /** Makes room for `length` bytes; what is in it stays. */
  reserve(length: number): void {
    const before = this.bytes
    if (length <= before.length) return
    // As large as those of other batches at once: it will be filled as far.
    const others = this.#rooms.map((other) => other.length)
    const room = new Uint8Array(Math.max(length, before.length * 2, ...others))
    room.set(before)
    this.#rooms[this.#turn] = room
  }

  /** Goes on to the room that was lent the longest ago. */
  turn(): void {
    this.#turn = (this.#turn + 1) % lentAtOnce
  }
}
