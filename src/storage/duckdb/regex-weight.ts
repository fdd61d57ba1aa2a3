/**
 * How many places a regular expression may be in at once: its signs, those of a counted part as
 * often as it may come. For each of them the engine takes some 30 ns per character of a text.
 */
export function regexWeight(pattern: string): number {
  return new Weigher(pattern).weigh()
}

class Weigher {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  /** Up to the end, or the bracket that closes a group. */
  weigh(): number {
    let sum = 0
    let last = 0
    while (this.#at < this.#pattern.length) {
      const sign = this.#pattern[this.#at++]!
      if (sign === ')') break
      const times = sign === '{' ? this.#count() : undefined
      if (times === undefined) {
        sum += last
        last = this.#part(sign)
      } else last *= times
    }
    return sum + last
  }

  #part(sign: string): number {
    if (sign === '(') return this.weigh() + 1
    if (sign === '[') this.#skip(/^\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?/s)
    if (sign === '\\') this.#skip(/^(?:[pPx](?:\{[^}]*\})?|.)?/s)
    return 1
  }

  /** How often the part before it may come; undefined where the bracket stands for itself. */
  #count(): number | undefined {
    const found = this.#skip(/^(\d+)(,(\d*))?\}/)
    if (found === null) return undefined
    const [, least, isRange, most] = found
    return Math.max(1, isRange === undefined || most === '' ? Number(least) + 1 : Number(most))
  }

  #skip(text: RegExp): RegExpExecArray | null {
    const found = text.exec(this.#pattern.slice(this.#at))
    this.#at += found?.[0].length ?? 0
    return found
  }
}
