import { encodeBalance, sameBalance } from './balance.ts'
import type { TimedBalance } from './balance.ts'
import { addTradeFigures, addTransferFigures } from './account-figures.ts'
import { multiplyText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { encodeFill } from './fill.ts'
import type { Fill } from './fill.ts'
import type { MirrorKeys } from './keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { encodeOrder } from './order-json.ts'
import { advanceOrder, withFee } from './order-record.ts'
import type { OrderRecord } from './order-record.ts'
import type { OrderState } from './order.ts'
import { encodeTicker } from './ticker.ts'
import type { Ticker } from './ticker.ts'
import { encodeTransfer, transferField, transferTotals } from './transfer.ts'
import type { Transfer } from './transfer.ts'
import { ArgumentLists, UnitCommands } from './unit-commands.ts'
import { takeOver } from './unit-contents.ts'
import type { UnitContents } from './unit-contents.ts'

/** How orders and transfers are written. */
export interface WriteSettings {
  readonly defaultFeeRate: DecimalText
  readonly refCurrency: string
  readonly maxHistory: number
}

/** A unit's arguments for the apply script. */
export interface UnitArguments {
  readonly keys: string[]
  readonly args: string[]
}

/** A script over 10,000 orders would hold the server for 30 ms, planning them this process. */
const maxItems = 500
const maxHistoryBytes = 2_000_000

/**
 * What one atomic unit is going to write: changes are laid over what is known, the newest state
 * of each thing is written once, and only {@link commit} makes it what is known.
 */
export class UnitPlan {
  readonly #state: MirrorState
  readonly #keys: MirrorKeys
  readonly #settings: WriteSettings
  readonly #orders = new Map<string, OrderRecord>()
  readonly #absent = new Set<string>()
  readonly #balances = new Map<string, TimedBalance | null>()
  readonly #tickers = new Map<string, Ticker>()
  readonly #fills = new Map<string, Fill>()
  readonly #transfers = new Map<string, Transfer>()
  readonly #undo: (() => void)[] = []
  #repairs: UnitCommands | undefined
  #historyBytes = 0

  constructor(state: MirrorState, keys: MirrorKeys, settings: WriteSettings) {
    this.#state = state
    this.#keys = keys
    this.#settings = settings
  }

  get isEmpty(): boolean {
    return this.#size === 0 && this.#repairs === undefined
  }

  get contents(): UnitContents {
    return {
      orders: this.#orders,
      balances: this.#balances,
      tickers: this.#tickers,
      fills: this.#fills,
      transfers: this.#transfers,
    }
  }

  /** Whether the unit is as big as a unit may be. */
  get isFull(): boolean {
    return this.#size >= maxItems || this.#historyBytes > maxHistoryBytes
  }

  /** Takes out what doesn't belong in a set or the balances, which no change would. */
  repair(key: string, id: string): void {
    const command = key === this.#keys.balances ? 'HDEL' : 'SREM'
    ;(this.#repairs ??= new UnitCommands()).add(command, key, [id])
  }

  /** A field of the mirror's own. */
  note(key: string, field: string, value: string): void {
    ;(this.#repairs ??= new UnitCommands()).add('HSET', key, [field, value])
  }

  /** An order's event, or what a snapshot says of it; false when it changes nothing. */
  order(next: OrderState, isSnapshot = false): boolean {
    const prev = this.#orders.get(next.id) ?? this.#state.order(next.id)
    const record = this.#settled(advanceOrder(prev, next, this.#settings.maxHistory, isSnapshot))
    if (record === prev) return false
    if (prev === undefined && !this.#state.unreadableOrders.has(next.id)) this.#absent.add(next.id)
    this.rewriteOrder(record)
    return true
  }

  /** An order to write as it is known. */
  rewriteOrder(record: OrderRecord): void {
    this.#orders.set(record.state.id, record)
    this.#historyBytes += record.history.length * 250
  }

  fill(fill: Fill): boolean {
    const ledger = this.#state.ledger(fill.symbol)
    if (!ledger.wants(fill)) return false
    this.#undo.push(ledger.add(fill))
    this.rewriteFill(fill)
    const { orderId } = fill
    const prev =
      orderId === null ? undefined : (this.#orders.get(orderId) ?? this.#state.order(orderId))
    if (prev !== undefined) {
      const record = this.#settled(prev)
      if (record !== prev) this.rewriteOrder(record)
    }
    return true
  }

  rewriteFill(fill: Fill): void {
    this.#fills.set(`${fill.symbol} ${fill.id}`, fill)
  }

  balance(next: TimedBalance): boolean {
    const staged = this.#balances.get(next.asset)
    const prev = staged === undefined ? this.#state.balances.get(next.asset) : (staged ?? undefined)
    if ((next.timestamp ?? Infinity) < (prev?.timestamp ?? -Infinity)) return false
    if (prev !== undefined && sameBalance(prev, next)) {
      // Nothing to write, but an event from in between must not come after it any more.
      const known = { ...prev, timestamp: next.timestamp ?? prev.timestamp }
      if (staged === undefined) this.#state.balances.set(next.asset, known)
      else this.rewriteBalance(known)
      return false
    }
    // Without a time it is at least as new as what it replaces.
    this.rewriteBalance({ ...next, timestamp: next.timestamp ?? prev?.timestamp ?? null })
    return true
  }

  rewriteBalance(balance: TimedBalance): void {
    this.#balances.set(balance.asset, balance)
  }

  /** A balance that a complete snapshot doesn't have any more. */
  dropBalance(asset: string): boolean {
    if (!this.#state.balances.has(asset)) return false
    this.#balances.set(asset, null)
    return true
  }

  ticker(next: Ticker): boolean {
    const prev = this.#tickers.get(next.symbol) ?? this.#state.tickers.get(next.symbol)
    if (prev !== undefined && prev.timestamp > next.timestamp) return false
    this.#tickers.set(next.symbol, next)
    return true
  }

  transfer(next: Omit<Transfer, 'refValue'>): boolean {
    const field = transferField(next)
    if (this.#transfers.has(field) || this.#state.transfers.has(field)) return false
    this.rewriteTransfer({ ...next, refValue: this.#worth(next.asset, next.amount) })
    return true
  }

  rewriteTransfer(transfer: Transfer): void {
    this.#transfers.set(transferField(transfer), transfer)
  }

  /** The script's arguments; `tail` is what the change message says after the sequence. */
  build(fence: string, sequence: string, epoch: string): UnitArguments {
    const commands = this.#commands()
    const types = commands.keys(this.#keys.orders)
    const keys = [this.#keys.fence, this.#keys.sequence, ...types.keys()]
    const keyIndex = new Map(keys.map((key, index) => [key, index + 1]))
    const lists = new ArgumentLists(['', fence, sequence, this.#keys.changes, this.#message(epoch)])
    const absent = [...this.#absent]
    const header = [String(lists.place(absent)), String(absent.length), ...types.values()]
    commands.encode(keyIndex, lists, header)
    const args = lists.args
    args[0] = String(args.length + 1)
    for (const part of header) args.push(part)
    return { keys, args }
  }

  /** Makes what was written what is known. */
  commit(): void {
    takeOver(this.contents, this.#state)
  }

  /** Takes back what planning had to change at once. */
  rollback(): void {
    for (const undo of this.#undo.reverse()) undo()
  }

  get #size(): number {
    const items = this.#orders.size + this.#fills.size + this.#balances.size + this.#transfers.size
    return items + this.#tickers.size
  }

  #settled(record: OrderRecord): OrderRecord {
    const { id, symbol, filled } = record.state
    const fee = this.#state.ledgers.get(symbol)?.orderFee(id, filled)
    return fee === undefined ? record : withFee(record, fee.fee, fee.feeCurrency)
  }

  #worth(asset: string, amount: DecimalText): DecimalText | null {
    const { refCurrency } = this.#settings
    if (asset === refCurrency) return amount
    const symbol = `${asset}/${refCurrency}`
    const price = (this.#tickers.get(symbol) ?? this.#state.tickers.get(symbol))?.price
    return price === undefined ? null : multiplyText(amount, price)
  }

  #commands(): UnitCommands {
    const commands = this.#repairs?.copy() ?? new UnitCommands()
    this.#orderCommands(commands)
    for (const [asset, balance] of this.#balances) {
      if (balance === null) commands.add('HDEL', this.#keys.balances, [asset])
      else commands.add('HSET', this.#keys.balances, [asset, encodeBalance(balance)])
    }
    for (const ticker of this.#tickers.values()) {
      const { fields, absent } = encodeTicker(ticker)
      commands.add('HSET', this.#keys.ticker(ticker.symbol), fields)
      if (absent.length > 0) commands.add('HDEL', this.#keys.ticker(ticker.symbol), absent)
      commands.add('SADD', this.#keys.tickers, [ticker.symbol])
    }
    this.#fillCommands(commands)
    this.#transferCommands(commands)
    return commands
  }

  #orderCommands(commands: UnitCommands): void {
    const stored: string[] = []
    const open = new Map<string, string[]>()
    const closed = new Map<string, string[]>()
    for (const [id, record] of this.#orders) {
      const { symbol, outcome } = record.state
      stored.push(id, encodeOrder(record, this.#settings.defaultFeeRate))
      const ids = outcome === undefined ? open : closed
      const ofSymbol = ids.get(symbol)
      if (ofSymbol === undefined) ids.set(symbol, [id])
      else ofSymbol.push(id)
    }
    if (stored.length > 0) commands.add('HSET', this.#keys.orders, stored)
    for (const [change, bySymbol] of [
      ['SADD', open],
      ['SREM', closed],
    ] as const)
      for (const [symbol, ids] of bySymbol) {
        commands.add(change, this.#keys.openSet, ids)
        commands.add(change, this.#keys.open(symbol), ids)
        commands.add('SADD', this.#keys.symbols, [symbol])
      }
  }

  #fillCommands(commands: UnitCommands): void {
    const symbols = new Set<string>()
    for (const fill of this.#fills.values()) {
      commands.add('HSET', this.#keys.fills(fill.symbol), [fill.id, encodeFill(fill)])
      symbols.add(fill.symbol)
    }
    for (const symbol of symbols) {
      commands.add('SADD', this.#keys.symbols, [symbol])
      for (const side of ['buy', 'sell'] as const)
        addTradeFigures(commands, this.#keys, this.#state, symbol, side)
    }
  }

  #transferCommands(commands: UnitCommands): void {
    const touched = new Map<string, Transfer>()
    for (const [field, transfer] of this.#transfers) {
      commands.add('HSET', this.#keys.transfers, [field, encodeTransfer(transfer)])
      touched.set(`${transfer.type} ${transfer.asset}`, transfer)
    }
    const all = new Map([...this.#state.transfers, ...this.#transfers])
    for (const { type, asset } of touched.values()) {
      const totals = transferTotals(all.values(), type, asset)
      addTransferFigures(commands, this.#keys, this.#settings.refCurrency, { type, asset }, totals)
    }
  }

  /** What the change message says after the sequence: names, not values, so that it stays small. */
  #message(epoch: string): string {
    const fills = new Set([...this.#fills.values()].map(({ symbol }) => symbol))
    const transfers = new Set([...this.#transfers.values()].map(({ asset }) => asset))
    return (
      `,"epoch":"${epoch}"${named('orders', this.#orders)}${named('balances', this.#balances)}` +
      `${named('tickers', this.#tickers)}${named('fills', fills)}${named('transfers', transfers)}}`
    )
  }
}

/** A list of names for the message; nothing when there are none. */
function named(name: string, of: ReadonlyMap<string, unknown> | ReadonlySet<string>): string {
  return of.size === 0 ? '' : `,"${name}":${JSON.stringify([...of.keys()])}`
}
