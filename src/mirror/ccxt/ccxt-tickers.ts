import { setTimeout } from 'node:timers/promises'
import type { TickerInput } from '../model/ticker.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { ccxtStream } from './ccxt-stream.ts'

/** Some exchanges take no more symbols in one call. */
const maxPerCall = 100
/** How long a stream waits before it looks again whether there is anything to stream. */
const idleMs = 1_000

/** The tickers that a mirror wants of an exchange: those named, else those that it asks for. */
export class CcxtTickers {
  readonly #exchange: CcxtExchange
  readonly #isFixed: boolean
  #symbols: readonly string[]

  constructor(exchange: CcxtExchange, symbols: readonly string[] | undefined) {
    this.#exchange = exchange
    this.#isFixed = symbols !== undefined
    this.#symbols = symbols ?? []
  }

  /** The prices now; from then on these symbols are streamed too. */
  async fetch(wanted: readonly string[]): Promise<TickerInput[]> {
    const { markets } = this.#exchange
    if (!this.#isFixed)
      this.#symbols = wanted.filter((symbol) => Object.hasOwn(markets ?? {}, symbol))
    const found: TickerInput[] = []
    for (let first = 0; first < this.#symbols.length; first += maxPerCall) {
      const slice = this.#symbols.slice(first, first + maxPerCall)
      for (const ticker of Object.values((await this.#exchange.fetchTickers?.(slice)) ?? {}))
        if (slice.includes(ticker.symbol ?? '')) found.push(ticker)
    }
    return found
  }

  watch(signal: AbortSignal): AsyncGenerator<readonly TickerInput[]> {
    return ccxtStream(signal, async () => {
      // Before anything is mirrored there is nothing that has a price.
      while (this.#symbols.length === 0) await setTimeout(idleMs, undefined, { signal })
      return Object.values(await this.#exchange.watchTickers([...this.#symbols]))
    })
  }
}
