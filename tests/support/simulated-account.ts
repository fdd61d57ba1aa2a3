import { EventEmitter, once } from 'node:events'
import type { AccountSource } from '../../src/mirror/model/account-source.ts'
import type { BalanceInput } from '../../src/mirror/model/balance.ts'
import type { FillInput } from '../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../src/mirror/model/order.ts'

/** What one step of the account brought. */
export interface AccountEvents {
  readonly orders: readonly OrderInput[]
  readonly fills: readonly FillInput[]
  readonly balances: readonly BalanceInput[]
}

interface Live {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** In units of 1e-8, and in cents: whole numbers, so that sums are exact. */
  readonly amount: number
  readonly price: number
  filled: number
  status: 'open' | 'closed' | 'canceled'
  updated: number
}

export const accountSymbols = ['BTC/USDT', 'ETH/USDT'] as const
const startMs = 1_700_000_000_000

/**
 * An exchange account that lives by itself, the same for the same seed: orders are made, filled
 * in parts and canceled. It is the truth that a mirror has to come to.
 */
export class SimulatedAccount implements AccountSource {
  readonly name = 'simulated'
  readonly #orders = new Map<string, Live>()
  readonly #fills: FillInput[] = []
  readonly #listeners = new Set<(events: AccountEvents) => void>()
  #random: number
  #steps = 0

  constructor(seed: number) {
    this.#random = seed
  }

  get steps(): number {
    return this.#steps
  }

  /** Lives on by one step and tells the streams. */
  step(): AccountEvents {
    this.#steps += 1
    const now = startMs + this.#steps
    const open = [...this.#orders.values()].filter(({ status }) => status === 'open')
    const order = open[this.#pick(open.length * 2)]
    const events =
      order === undefined || open.length < 5
        ? this.#make(now)
        : this.#pick(4) === 0
          ? this.#cancel(order, now)
          : this.#fill(order, now)
    for (const listener of this.#listeners) listener(events)
    return events
  }

  async fetchOpenOrders(): Promise<OrderInput[]> {
    return this.orders().filter(({ status }) => status === 'open')
  }

  async fetchOrder(id: string): Promise<OrderInput | undefined> {
    const order = this.#orders.get(id)
    return order && told(order)
  }

  async fetchClosedOrders(): Promise<OrderInput[]> {
    return this.orders().filter(({ status }) => status !== 'open')
  }

  async fetchBalances(): Promise<BalanceInput[]> {
    return this.#balances()
  }

  async fetchFills(): Promise<FillInput[]> {
    return [...this.#fills]
  }

  watchOrders(signal: AbortSignal): AsyncGenerator<readonly OrderInput[]> {
    return this.#stream(signal, ({ orders }) => orders)
  }

  watchFills(signal: AbortSignal): AsyncGenerator<readonly FillInput[]> {
    return this.#stream(signal, ({ fills }) => fills)
  }

  watchBalances(signal: AbortSignal): AsyncGenerator<readonly BalanceInput[]> {
    return this.#stream(signal, ({ balances }) => balances)
  }

  orders(): OrderInput[] {
    return [...this.#orders.values()].map(told)
  }

  fills(): readonly FillInput[] {
    return this.#fills
  }

  #make(now: number): AccountEvents {
    const id = `o${this.#steps}`
    const order: Live = {
      id,
      symbol: accountSymbols[this.#pick(2)]!,
      side: this.#pick(2) === 0 ? 'buy' : 'sell',
      amount: 1 + this.#pick(1_000_000),
      price: 1 + this.#pick(1_000_000),
      filled: 0,
      status: 'open',
      updated: now,
    }
    this.#orders.set(id, order)
    return { orders: [told(order)], fills: [], balances: this.#balances() }
  }

  #cancel(order: Live, now: number): AccountEvents {
    order.status = 'canceled'
    order.updated = now
    return { orders: [told(order)], fills: [], balances: this.#balances() }
  }

  #fill(order: Live, now: number): AccountEvents {
    const rest = order.amount - order.filled
    const amount = 1 + this.#pick(rest)
    order.filled += amount
    order.updated = now
    if (order.filled === order.amount) order.status = 'closed'
    const fill = {
      id: `t${this.#steps}`,
      order: order.id,
      symbol: order.symbol,
      side: order.side,
      price: cents(order.price),
      amount: units(amount),
      fee: { cost: units(amount), currency: 'BNB' },
      timestamp: now,
    }
    this.#fills.push(fill)
    return { orders: [told(order)], fills: [fill], balances: this.#balances() }
  }

  #balances(): BalanceInput[] {
    const used = [...this.#orders.values()].filter(({ status }) => status === 'open').length
    const timestamp = startMs + this.#steps
    return [
      { asset: 'USDT', free: units(this.#steps), used: units(used), timestamp },
      { asset: 'BNB', free: units(this.#fills.length + 1), used: '0', timestamp },
    ]
  }

  async *#stream<Event>(
    signal: AbortSignal,
    part: (events: AccountEvents) => readonly Event[],
  ): AsyncGenerator<readonly Event[]> {
    let waiting: Event[] = []
    const bell = new EventEmitter()
    const listener = (events: AccountEvents): void => {
      waiting.push(...part(events))
      bell.emit('ring')
    }
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => bell.emit('ring'), { once: true })
    try {
      while (!signal.aborted) {
        if (waiting.length === 0) await once(bell, 'ring')
        const batch = waiting
        waiting = []
        if (batch.length > 0) yield batch
      }
    } finally {
      this.#listeners.delete(listener)
    }
  }

  #pick(below: number): number {
    // The generator of the C standard's example, wide enough for what is picked here.
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((this.#random / 2 ** 31) * below)
  }
}

function told(order: Live): OrderInput {
  return {
    id: order.id,
    symbol: order.symbol,
    side: order.side,
    type: 'limit',
    amount: units(order.amount),
    price: cents(order.price),
    filled: units(order.filled),
    average: order.filled === 0 ? null : cents(order.price),
    status: order.status,
    timestamp: startMs + Number(order.id.slice(1)),
    lastUpdateTimestamp: order.updated,
  }
}

function units(whole: number): string {
  return `0.${String(whole).padStart(8, '0')}`
}

function cents(whole: number): string {
  const digits = String(whole).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
