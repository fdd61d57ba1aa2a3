import { required, resolveOptions, rule } from '../options.ts'
import { instrumentOf } from './instrument.ts'
import { makeRandom, type Random } from './random.ts'
import {
  SimulatedOrder,
  unitsOf,
  unitText,
  type FillReport,
  type OrderReport,
  type SimulatedMarket,
} from './simulated-order.ts'
import { TradeStream, type SimulatedTick } from './trade-stream.ts'

export interface SimulatedAccountOptions {
  /** Such as `BTC/USDT`. */
  readonly symbols: readonly string[]
  /** When the account opens, Unix ms. */
  readonly from: number
  /** Any text; the same seed and the same steps give the same account. */
  readonly seed?: string
  /** What all ids of orders and fills begin with. */
  readonly idPrefix?: string
}

export interface BalanceReport {
  readonly asset: string
  readonly free: string
  readonly used: string
  readonly timestamp: number
}

/** What happened in one step; everything that did not change is left out. */
export interface AccountStep {
  readonly orders: readonly OrderReport[]
  readonly fills: readonly FillReport[]
  readonly balances: readonly BalanceReport[]
  readonly prices: readonly {
    readonly symbol: string
    readonly price: string
    readonly timestamp: number
  }[]
}

/** Means per second and market. */
const placedPerSecond = 1.2
const canceledPerSecond = 0.25
const tradesPerSecond = 10
const maxOpenPerMarket = 8
const startQuote = 100_000
/** Finished orders and fills beyond these are forgotten, as exchanges do. */
const keptOrders = 2_000
const keptFills = 20_000

interface TradedMarket extends SimulatedMarket {
  readonly stream: TradeStream
  /** The last traded price, in steps. */
  last: number
}

interface Holding {
  free: bigint
  used: bigint
}

/**
 * An account on an exchange that exists only in memory: it places limit orders around the price
 * of a simulated market, which fill in parts as trades reach them, and cancels some. Balances add
 * up at every step: what is in orders is locked, what is filled moves, fees are taken. No clock.
 */
export class SimulatedAccount {
  readonly #random: Random
  readonly #markets: readonly TradedMarket[]
  readonly #orders = new Map<string, SimulatedOrder>()
  readonly #working = new Set<SimulatedOrder>()
  #fills: FillReport[] = []
  readonly #holdings = new Map<string, Holding>()
  readonly #idPrefix: string
  #now: number
  #nextId = 1

  constructor(options: SimulatedAccountOptions) {
    const { symbols, from, seed, idPrefix } = resolveOptions('SimulatedAccount', options, {
      symbols: required(
        rule<readonly string[]>(
          'a list of symbols as BASE/QUOTE',
          (value) =>
            Array.isArray(value) &&
            value.length > 0 &&
            value.every((symbol) => /^[A-Z0-9]+\/[A-Z0-9]+$/.test(symbol)),
          [],
        ),
      ),
      from: required(rule('Unix milliseconds', Number.isFinite, 0)),
      seed: rule('a text', (value) => typeof value === 'string', 'pairduck'),
      idPrefix: rule('a text', (value) => typeof value === 'string', ''),
    })
    this.#now = from
    this.#idPrefix = idPrefix
    this.#random = makeRandom(`${seed}:account`)
    this.#markets = symbols.map((symbol) => tradedMarket(symbol, seed))
    for (const { quote } of this.#markets)
      this.#holdings.set(quote, { free: unitsOf(startQuote), used: 0n })
  }

  /** Lets the market trade and the account act up to a moment. */
  step(toMs: number): AccountStep {
    const changes = new StepChanges()
    for (const market of this.#markets) {
      const trades: SimulatedTick[] = []
      market.stream.advance(this.#now, toMs, trades)
      for (const trade of trades) this.#meet(market, trade, changes)
      this.#act(market, toMs, changes)
    }
    this.#now = toMs
    this.#forget()
    return {
      orders: [...changes.orders].map((order) => order.report()),
      fills: changes.fills,
      balances: this.#balances([...changes.assets]),
      prices: this.#markets.map((market) => ({
        symbol: market.symbol,
        price: unitText((BigInt(market.last) * unitsOf(1)) / BigInt(market.ticksPerUnit)),
        timestamp: toMs,
      })),
    }
  }

  openOrders(): OrderReport[] {
    return this.#open().map((order) => order.report())
  }

  order(id: string): OrderReport | undefined {
    return this.#orders.get(id)?.report()
  }

  fills(sinceMs: number): FillReport[] {
    return this.#fills.filter(({ timestamp }) => timestamp >= sinceMs)
  }

  balances(): BalanceReport[] {
    return this.#balances([...this.#holdings.keys()])
  }

  /** A taker's trade fills the orders that stand in its way, the best price first. */
  #meet(market: TradedMarket, trade: SimulatedTick, changes: StepChanges): void {
    const price = Math.round(trade.price * market.ticksPerUnit)
    const side = trade.side === 'SELL' ? 'buy' : 'sell'
    const better = side === 'buy' ? -1 : 1
    market.last = price
    let lots = Math.round(trade.volume * market.lotsPerUnit)
    const reached = this.#open(market)
      .filter((order) => order.side === side && (order.price - price) * better <= 0)
      .sort((a, b) => (a.price - b.price) * better)
    for (const order of reached) {
      if (lots === 0) break
      const part = Math.min(lots, order.remainingLots)
      lots -= part
      this.#fill(order, part, Math.round(trade.timestamp), changes)
    }
  }

  #fill(order: SimulatedOrder, lots: number, timestamp: number, changes: StepChanges): void {
    const [given, received] = assetsOf(order)
    const fill = order.fill(lots, this.#newId(), timestamp)
    this.#holding(given).used -= order.given(lots)
    this.#holding(received).free += fill.received
    if (!order.isOpen) this.#working.delete(order)
    this.#fills.push(fill.report)
    changes.fills.push(fill.report)
    changes.touch(order, given, received)
  }

  /** Places an order now and then, and cancels one that stands there for long. */
  #act(market: TradedMarket, nowMs: number, changes: StepChanges): void {
    const seconds = (nowMs - this.#now) / 1_000
    const open = this.#open(market)
    if (this.#random.next() < placedPerSecond * seconds && open.length < maxOpenPerMarket)
      this.#place(market, nowMs, changes)
    const [oldest] = open
    if (oldest !== undefined && this.#random.next() < canceledPerSecond * seconds) {
      const [given] = assetsOf(oldest)
      this.#unlock(given, oldest.locked)
      oldest.cancel(nowMs)
      this.#working.delete(oldest)
      changes.touch(oldest, given)
    }
  }

  #place(market: TradedMarket, placedMs: number, changes: StepChanges): void {
    const side = this.#random.next() < 0.5 ? 'buy' : 'sell'
    const away = Math.ceil(this.#random.exponential() * market.last * 0.000_1)
    const price = market.last + (side === 'buy' ? -away : away)
    const typical = market.typicalVolume * market.lotsPerUnit
    const lots = Math.ceil(typical * (1 + 5 * this.#random.next()))
    const id = this.#newId()
    const order = new SimulatedOrder({ id, market, side, price, lots, placedMs })
    const [given] = assetsOf(order)
    if (this.#holding(given).free < order.locked) return
    this.#unlock(given, -order.locked)
    this.#orders.set(id, order)
    this.#working.add(order)
    changes.touch(order, given)
  }

  #newId(): string {
    return `${this.#idPrefix}${this.#nextId++}`
  }

  #unlock(asset: string, units: bigint): void {
    const holding = this.#holding(asset)
    holding.free += units
    holding.used -= units
  }

  #holding(asset: string): Holding {
    const holding = this.#holdings.get(asset) ?? { free: 0n, used: 0n }
    this.#holdings.set(asset, holding)
    return holding
  }

  #open(market?: TradedMarket): SimulatedOrder[] {
    const orders = [...this.#working]
    return market === undefined ? orders : orders.filter((order) => order.market === market)
  }

  #forget(): void {
    for (const [id, order] of this.#orders) {
      if (this.#orders.size <= keptOrders) break
      if (!order.isOpen) this.#orders.delete(id)
    }
    if (this.#fills.length > 2 * keptFills) this.#fills = this.#fills.slice(-keptFills)
  }

  #balances(assets: readonly string[]): BalanceReport[] {
    return assets.map((asset) => {
      const { free, used } = this.#holding(asset)
      return { asset, free: unitText(free), used: unitText(used), timestamp: this.#now }
    })
  }
}

class StepChanges {
  readonly orders: Set<SimulatedOrder> = new Set()
  readonly fills: FillReport[] = []
  readonly assets: Set<string> = new Set()

  touch(order: SimulatedOrder, ...assets: string[]): void {
    this.orders.add(order)
    for (const asset of assets) this.assets.add(asset)
  }
}

function assetsOf({ side, market }: SimulatedOrder): [given: string, received: string] {
  return side === 'buy' ? [market.quote, market.base] : [market.base, market.quote]
}

function tradedMarket(symbol: string, seed: string): TradedMarket {
  const [base = '', quote = ''] = symbol.split('/')
  const instrument = instrumentOf(`demo/spot/${base}${quote}`)
  const stream = new TradeStream(instrument, { seed, ticksPerSecond: tradesPerSecond })
  const last = Math.round(instrument.startPrice * instrument.ticksPerUnit)
  return { ...instrument, symbol, base, quote, stream, last }
}
