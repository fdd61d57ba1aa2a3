/** Rows of so many different times may stand out of order and are still counted. */
const maxTimes = 4096

/**
 * Ids for trades that have none: of what the row says and of its position among equal rows, so
 * that the same file gives the same ids however often it is read.
 */
export class MadeIds {
  /** Time → row → how often it was met. */
  readonly #times = new Map<number, Map<string, number>>()
  /** Times that are not remembered any more lie between these. */
  #forgottenFrom = Infinity
  #forgottenTo = -Infinity

  /** Undefined where equal rows may lie too far behind to be counted. */
  next(timestamp: number, price: number, volume: number, side: string): string | undefined {
    let rows = this.#times.get(timestamp)
    if (rows === undefined) {
      if (timestamp >= this.#forgottenFrom && timestamp <= this.#forgottenTo) return undefined
      this.#times.set(timestamp, (rows = new Map()))
      if (this.#times.size > maxTimes) this.#forget()
    }
    const row = `${price} ${volume} ${side}`
    const position = rows.get(row) ?? 0
    rows.set(row, position + 1)
    const id = hash(`${timestamp} ${row}`)
    return position === 0 ? `~${id}` : `~${id}-${position}`
  }

  #forget(): void {
    const [oldest] = this.#times.keys()
    this.#times.delete(oldest!)
    this.#forgottenFrom = Math.min(this.#forgottenFrom, oldest!)
    this.#forgottenTo = Math.max(this.#forgottenTo, oldest!)
  }
}

/** 64 bits (FNV-1a over two lanes) in base 36: it only has to tell the trades of a second apart. */
function hash(text: string): string {
  let first = 0x811c9dc5
  let second = 0x9747b28c
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    first = Math.imul(first ^ unit, 0x01000193)
    second = Math.imul(second ^ unit, 0x5bd1e995)
    second ^= second >>> 15
  }
  return (first >>> 0).toString(36) + (second >>> 0).toString(36).padStart(7, '0')
}
