import { randomBytes } from 'node:crypto'
import { EventEmitter, on } from 'node:events'
import type { AccountSource } from '../../mirror/model/account-source.ts'
import type { BalanceInput } from '../../mirror/model/balance.ts'
import type { FillInput } from '../../mirror/model/fill.ts'
import type { MirroredOrder } from '../../mirror/stored/mirrored-order.ts'
import type { OrderInput } from '../../mirror/model/order.ts'
import type { TickerInput } from '../../mirror/model/ticker.ts'
import { SimulatedAccount } from '../../simulator/simulated-account.ts'

/** What the ids of all simulated orders and fills begin with. */
export const demoPrefix = 'demo-'

export interface SimulatedSourceOptions {
  readonly symbols: readonly string[]
  readonly from: number
  readonly seed: string
  /** Looks an order of an earlier demo up, so that it can be told as cancelled. */
  readonly earlierOrder: (id: string) => Promise<MirroredOrder | undefined>
}

/** A simulated account as an exchange shows it: asked for, and as events while time goes on. */
export class SimulatedSource implements AccountSource {
  readonly name = 'simulated exchange'
  readonly #account: SimulatedAccount
  readonly #events = new EventEmitter()
  readonly #earlierOrder: SimulatedSourceOptions['earlierOrder']
  #now: number

  constructor({ symbols, from, seed, earlierOrder }: SimulatedSourceOptions) {
    // Two demos may begin in the same moment: an order of one is no order of the other.
    const idPrefix = `${demoPrefix}${from.toString(36)}${randomBytes(3).toString('hex')}-`
    this.#account = new SimulatedAccount({ symbols, from, seed, idPrefix })
    this.#earlierOrder = earlierOrder
    this.#now = from
  }

  /** Lets the market and the account go on up to a moment, and tells what happened. */
  advance(toMs: number): void {
    if (toMs <= this.#now) return
    this.#now = toMs
    const { orders, fills, balances, prices } = this.#account.step(toMs)
    if (orders.length > 0) this.#events.emit('orders', orders)
    if (fills.length > 0) this.#events.emit('fills', fills)
    if (balances.length > 0) this.#events.emit('balances', balances)
    this.#events.emit('tickers', prices)
  }

  async fetchOpenOrders(): Promise<readonly OrderInput[]> {
    return this.#account.openOrders()
  }

  async fetchOrder(id: string): Promise<OrderInput | undefined> {
    const known = this.#account.order(id)
    if (known !== undefined) return known
    const earlier = await this.#earlierOrder(id)
    if (earlier === undefined || !id.startsWith(demoPrefix)) return undefined
    const { symbol, side, type, amount, filled, limitPrice, price, createdMs, updatedMs } = earlier
    return {
      id,
      symbol,
      side,
      type,
      amount,
      filled,
      price: limitPrice,
      average: price,
      status: 'canceled',
      timestamp: createdMs,
      // The earlier demo's clock may have been ahead of this one's.
      lastUpdateTimestamp: Math.max(this.#now, updatedMs + 1),
    }
  }

  async fetchBalances(): Promise<readonly BalanceInput[]> {
    return this.#account.balances()
  }

  async fetchFills(sinceMs: number): Promise<readonly FillInput[]> {
    return this.#account.fills(sinceMs)
  }

  watchOrders(signal: AbortSignal): AsyncIterable<readonly OrderInput[]> {
    return this.#watch(signal, 'orders')
  }

  watchFills(signal: AbortSignal): AsyncIterable<readonly FillInput[]> {
    return this.#watch(signal, 'fills')
  }

  watchBalances(signal: AbortSignal): AsyncIterable<readonly BalanceInput[]> {
    return this.#watch(signal, 'balances')
  }

  watchTickers(signal: AbortSignal): AsyncIterable<readonly TickerInput[]> {
    return this.#watch(signal, 'tickers')
  }

  async *#watch<Event>(signal: AbortSignal, name: string): AsyncGenerator<readonly Event[]> {
    for await (const [events] of on(this.#events, name, { signal })) yield events as Event[]
  }
}
