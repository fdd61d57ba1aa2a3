import { basename } from 'node:path'
import { parsePair, type Pair, type PairLike } from '../../pair.ts'

const places = ['exchange', 'market', 'symbol'] as const

/**
 * Reads a pair out of a file's name by a template such as `{symbol}-trades-{date}`: `{exchange}`,
 * `{market}` and `{symbol}` are the pair's, any other name stands for anything; endings need not
 * be given. Undefined for a name that does not fit.
 */
export class NameTemplate {
  readonly #pattern: RegExp
  readonly #names: readonly string[]

  constructor(template: string) {
    const names: string[] = []
    const parts = template.split(/\{([^{}]*)\}/)
    const source = parts.map((part, at) => {
      if (at % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      names.push(part)
      // Dates hold the hyphens that part a name: of a symbol as little as fits, of the rest all.
      return part === 'date' ? '(\\d[\\d-]*)' : '(.+?)'
    })
    if (!names.includes('symbol'))
      throw new TypeError(
        `pair from name: ${template} has no {symbol}, as in {symbol}-trades-{date}`,
      )
    this.#pattern = new RegExp(`^${source.join('')}(?:\\.[A-Za-z]\\w*)*$`)
    this.#names = names
  }

  /** `base` gives what the name does not: `exchange/market`, or a pair. */
  pairOf(file: string, base: PairLike | undefined): Pair | undefined {
    const found = this.#pattern.exec(basename(file))
    if (found === null) return undefined
    const given = typeof base === 'string' ? base.split('/') : base
    const parts = places.map((place, at) => {
      const index = this.#names.indexOf(place)
      if (index >= 0) return found[index + 1]!
      return (Array.isArray(given) ? given[at] : given?.[place]) ?? ''
    })
    const [exchange = '', market = '', symbol = ''] = parts
    return parsePair({ exchange, market, symbol })
  }
}
