import { addTradeFigures, addTransferFigures, feesOf } from './account-figures.ts'
import { encodeAbsent } from '../stored/absent-order.ts'
import { encodeBalance } from '../stored/balance-json.ts'
import type { DecimalText } from '../model/decimal.ts'
import { encodeFill } from '../stored/fill-json.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { encodeOrder } from '../stored/order-json.ts'
import { encodeTicker } from '../stored/ticker-hash.ts'
import { transferKind, transferTotals } from '../model/transfer.ts'
import { encodeCarried, encodeSums, encodeTraded } from '../stored/fill-sums-json.ts'
import { encodeTransfer, encodeTransferTotals } from '../stored/transfer-json.ts'
import type { Transfer } from '../model/transfer.ts'
import { ArgumentLists, UnitCommands } from './unit-commands.ts'
import type { UnitContents } from './unit-contents.ts'

/** How orders and transfers are written. */
export interface WriteSettings {
  readonly defaultFeeRate: DecimalText
  readonly refCurrency: string
  readonly maxHistory: number
}

/** What a unit is encoded from. */
export interface UnitParts {
  readonly contents: UnitContents
  /** What must not be there yet, by the key of its hash. */
  readonly created: ReadonlyMap<string, ReadonlySet<string>>
  readonly repairs: UnitCommands | undefined
  readonly state: MirrorState
  readonly keys: MirrorKeys
  readonly settings: WriteSettings
}

/** A unit's arguments for the apply script. */
export interface UnitArguments {
  readonly keys: string[]
  readonly args: string[]
}

/**
 * A unit in the form in which the apply script takes it. The most of it doesn't depend on the
 * units before, so that it is made while one of them is still under way.
 */
export class EncodedUnit {
  readonly #keys: string[]
  readonly #args: string[]
  readonly #names: string

  constructor(parts: UnitParts) {
    const { keys } = parts
    const commands = unitCommands(parts)
    const types = commands.keys(parts.created.keys())
    this.#keys = [keys.fence, keys.sequence, keys.written, ...types.keys()]
    this.#names = changeNames(parts.contents)
    const keyIndex = new Map(this.#keys.map((key, index) => [key, index + 1]))
    const lists = new ArgumentLists(['', '', '', keys.changes, ''])
    const header: string[] = [...types.values(), String(parts.created.size)]
    for (const [key, fields] of parts.created) {
      const first = lists.place([...fields])
      header.push(String(keyIndex.get(key)!), String(first), String(first + fields.size - 1))
    }
    commands.encode(keyIndex, lists, header)
    this.#args = lists.args
    this.#args[0] = String(this.#args.length + 1)
    for (const part of header) this.#args.push(part)
  }

  /** The script's arguments as the writer stands now. */
  arguments(fence: string, sequence: string, epoch: string): UnitArguments {
    this.#args[1] = fence
    this.#args[2] = sequence
    // What the change message says after the sequence.
    this.#args[4] = `,"epoch":"${epoch}"${this.#names}}`
    return { keys: this.#keys, args: this.#args }
  }
}

function unitCommands(parts: UnitParts): UnitCommands {
  const { contents, keys } = parts
  const commands = parts.repairs?.copy() ?? new UnitCommands()
  addOrders(commands, parts)
  for (const [asset, balance] of contents.balances) {
    if (balance === null) commands.add('HDEL', keys.balances, [asset])
    else commands.add('HSET', keys.balances, [asset, encodeBalance(balance)])
  }
  for (const ticker of contents.tickers.values()) {
    const { fields, absent } = encodeTicker(ticker)
    commands.add('HSET', keys.ticker(ticker.symbol), fields)
    if (absent.length > 0) commands.add('HDEL', keys.ticker(ticker.symbol), absent)
    commands.add('SADD', keys.tickers, [ticker.symbol])
  }
  for (const [id, absent] of contents.absent) {
    if (absent === null) commands.add('HDEL', keys.absent, [id])
    else commands.add('HSET', keys.absent, [id, encodeAbsent(absent)])
  }
  addFills(commands, parts)
  addTradeSums(commands, parts)
  addTransfers(commands, parts)
  return commands
}

function addOrders(commands: UnitCommands, { contents, keys, settings }: UnitParts): void {
  const stored: string[] = []
  const ended: string[] = []
  const open = new Map<string, string[]>()
  const closed = new Map<string, string[]>()
  for (const [id, record] of contents.orders) {
    const { symbol, outcome, finishedMs, updatedMs } = record.state
    if (outcome !== undefined) ended.push(String(finishedMs ?? updatedMs), id)
    stored.push(id, encodeOrder(record, settings.defaultFeeRate))
    const ids = outcome === undefined ? open : closed
    const ofSymbol = ids.get(symbol)
    if (ofSymbol === undefined) ids.set(symbol, [id])
    else ofSymbol.push(id)
  }
  if (stored.length > 0) commands.add('HSET', keys.orders, stored)
  if (ended.length > 0) commands.add('ZADD', keys.closed, ended)
  if (contents.removed.size > 0) {
    commands.add('HDEL', keys.orders, [...contents.removed])
    commands.add('ZREM', keys.closed, [...contents.removed])
  }
  for (const [change, bySymbol] of [
    ['SADD', open],
    ['SREM', closed],
  ] as const)
    for (const [symbol, ids] of bySymbol) {
      commands.add(change, keys.openSet, ids)
      commands.add(change, keys.open(symbol), ids)
      commands.add('SADD', keys.symbols, [symbol])
    }
}

function addFills(commands: UnitCommands, { contents, keys }: UnitParts): void {
  const bySymbol = new Map<string, { stored: string[]; times: string[] }>()
  for (const fill of contents.fills.values()) {
    const { id, symbol, timestamp } = fill
    let of = bySymbol.get(symbol)
    if (of === undefined) bySymbol.set(symbol, (of = { stored: [], times: [] }))
    of.stored.push(id, encodeFill(fill))
    of.times.push(String(timestamp), id)
  }
  for (const [symbol, { stored, times }] of bySymbol) {
    commands.add('HSET', keys.fills(symbol), stored)
    commands.add('ZADD', keys.fillTimes(symbol), times)
    commands.add('SADD', keys.symbols, [symbol])
  }
  const counted: string[] = []
  const gone: string[] = []
  for (const [name, traded] of contents.traded) {
    if (traded === null) gone.push(name)
    else counted.push(name, encodeTraded(traded))
  }
  if (counted.length > 0) commands.add('HSET', keys.traded, counted)
  if (gone.length > 0) commands.add('HDEL', keys.traded, gone)
  for (const [symbol, ids] of contents.removedFills) {
    commands.add('HDEL', keys.fills(symbol), ids)
    commands.add('ZREM', keys.fillTimes(symbol), ids)
  }
  for (const [symbol, carried] of contents.carried)
    commands.add('HSET', keys.carried, [symbol, encodeCarried(carried)])
}

function addTradeSums(commands: UnitCommands, { contents, keys, state }: UnitParts): void {
  if (contents.sums.size === 0) return
  const all = new Map([...state.sums, ...contents.sums])
  for (const [symbol, sums] of contents.sums) {
    commands.add('HSET', keys.sums, [symbol, encodeSums(sums)])
    const base = symbol.slice(0, symbol.indexOf('/'))
    for (const side of ['buy', 'sell'] as const) {
      const fees = feesOf(all, base, side)
      addTradeFigures(commands, keys, { side, sums: sums[side], fees }, symbol)
    }
  }
}

function addTransfers(
  commands: UnitCommands,
  { contents, keys, state, settings }: UnitParts,
): void {
  const touched = new Map<string, Transfer>()
  for (const [field, transfer] of contents.transfers) {
    commands.add('HSET', keys.transfers, [field, encodeTransfer(transfer)])
    commands.add('ZADD', keys.transferTimes, [String(transfer.timestamp), field])
    touched.set(transferKind(transfer), transfer)
  }
  for (const field of contents.removedTransfers.keys()) {
    commands.add('HDEL', keys.transfers, [field])
    commands.add('ZREM', keys.transferTimes, [field])
  }
  for (const [kind, totals] of contents.transferSums)
    commands.add('HSET', keys.removedTransfers, [kind, encodeTransferTotals(totals)])
  if (touched.size === 0) return
  const all = new Map([...state.transfers, ...contents.transfers])
  for (const [kind, transfer] of touched) {
    const totals = transferTotals(all.values(), transfer, state.removedTransfers.get(kind))
    addTransferFigures(commands, keys, settings.refCurrency, transfer, totals)
  }
}

/** What the change message says of the contents: names, not values, so that it stays small. */
function changeNames({ orders, balances, tickers, fills, transfers }: UnitContents): string {
  const symbols = new Set([...fills.values()].map(({ symbol }) => symbol))
  const assets = new Set([...transfers.values()].map(({ asset }) => asset))
  return (
    `${named('orders', orders)}${named('balances', balances)}${named('tickers', tickers)}` +
    `${named('fills', symbols)}${named('transfers', assets)}`
  )
}

/** A list of names for the message; nothing when there are none. */
function named(name: string, of: ReadonlyMap<string, unknown> | ReadonlySet<string>): string {
  return of.size === 0 ? '' : `,"${name}":${JSON.stringify([...of.keys()])}`
}
