type Range = [first: bigint, last: bigint]

/** Which whole numbers were seen, in as little room as they are consecutive. */
export class IdRanges {
  /** Apart from each other, in order. */
  readonly #ranges: Range[] = []

  add(first: bigint, last: bigint = first): void {
    let at = this.#ranges.length
    // Nearly all come in order: the search begins at the end.
    while (at > 0 && this.#ranges[at - 1]![0] > first) at--
    this.#ranges.splice(at, 0, [first, last])
    this.#join(at)
    if (at > 0) this.#join(at - 1)
  }

  get first(): bigint | undefined {
    return this.#ranges[0]?.[0]
  }

  /** The stretches between two numbers, neither included, of which none was seen. */
  missing(after: bigint, before: bigint): Range[] {
    const missing: Range[] = []
    let next = after + 1n
    for (const [first, last] of this.#ranges) {
      if (first >= before) break
      if (first > next) missing.push([next, first - 1n])
      if (last >= next) next = last + 1n
    }
    if (next < before) missing.push([next, before - 1n])
    return missing
  }

  /** Puts together what touches from a place on. */
  #join(at: number): void {
    const range = this.#ranges[at]!
    for (;;) {
      const after = this.#ranges[at + 1]
      if (after === undefined || after[0] > range[1] + 1n) return
      if (after[1] > range[1]) range[1] = after[1]
      this.#ranges.splice(at + 1, 1)
    }
  }
}
