import { encodeAbsent } from '../stored/absent-order.ts'
import type { AbsentOrder } from '../stored/absent-order.ts'
import { encodeBalance } from '../stored/balance-json.ts'
import type { TimedBalance } from '../model/balance.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { DecimalText } from '../model/decimal.ts'
import { encodeFill } from '../stored/fill-json.ts'
import { fillName } from '../model/fill-names.ts'
import type { SymbolSums, TradedOrder } from '../model/fill-sums.ts'
import type { Fill } from '../model/fill.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import { decodeCarried, decodeSums, decodeTraded } from '../stored/fill-sums-json.ts'
import { readEntries } from '../stored/hash-entries.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { encodeOrder } from '../stored/order-json.ts'
import type { OrderRecord } from '../model/order-record.ts'
import { encodeTicker } from '../stored/ticker-hash.ts'
import type { TimedTicker } from '../model/ticker.ts'
import { decodeTransferTotals, encodeTransfer } from '../stored/transfer-json.ts'
import type { Transfer, TransferTotals } from '../model/transfer.ts'

/** The things that one unit writes, each in its newest state. */
export interface UnitContents {
  /** By id. */
  readonly orders: ReadonlyMap<string, OrderRecord>
  /** By asset; null for one that is taken out. */
  readonly balances: ReadonlyMap<string, TimedBalance | null>
  /** By symbol. */
  readonly tickers: ReadonlyMap<string, TimedTicker>
  /** By symbol and id. */
  readonly fills: ReadonlyMap<string, Fill>
  /** By type and id. */
  readonly transfers: ReadonlyMap<string, Transfer>
  /** Orders known by their trades alone, by id; null for one that is known whole now. */
  readonly absent: ReadonlyMap<string, AbsentOrder | null>
  /** Ids of closed orders that are removed. */
  readonly removed: ReadonlySet<string>
  /** By symbol. */
  readonly sums: ReadonlyMap<string, SymbolSums>
  /** What orders' trades add up to, by name; null for one that is taken out. */
  readonly traded: ReadonlyMap<string, TradedOrder | null>
  /** Ids of trades that are removed, by symbol. */
  readonly removedFills: ReadonlyMap<string, readonly string[]>
  /** What removed trades left behind, by symbol. */
  readonly carried: ReadonlyMap<string, CarriedPosition>
  /** Transfers that are removed, by type and id. */
  readonly removedTransfers: ReadonlyMap<string, Transfer>
  /** Sums over removed transfers, by type and asset. */
  readonly transferSums: ReadonlyMap<string, TransferTotals>
}

/** Makes what was written what is known. */
export function takeOver(contents: UnitContents, state: MirrorState): void {
  // One that is there after all is read back when something names it.
  for (const id of contents.removed) state.closedOrders.delete(id)
  for (const record of contents.orders.values()) {
    state.setOrder(record)
    state.symbols.add(record.state.symbol)
  }
  for (const fill of contents.fills.values()) {
    state.setFill(fill)
    state.symbols.add(fill.symbol)
  }
  for (const [symbol, sums] of contents.sums) state.sums.set(symbol, sums)
  for (const [name, traded] of contents.traded) {
    if (traded === null) state.traded.delete(name)
    else state.traded.set(name, traded)
  }
  for (const [symbol, ids] of contents.removedFills)
    for (const id of ids) state.fills.delete(fillName({ symbol, id }))
  for (const [symbol, carried] of contents.carried) state.carried.set(symbol, carried)
  for (const [asset, balance] of contents.balances) {
    if (balance === null) state.balances.delete(asset)
    else state.balances.set(asset, balance)
  }
  for (const [symbol, ticker] of contents.tickers) state.tickers.set(symbol, ticker)
  for (const transfer of contents.transfers.values()) state.setTransfer(transfer)
  for (const field of contents.removedTransfers.keys()) state.transfers.delete(field)
  for (const [name, totals] of contents.transferSums) state.removedTransfers.set(name, totals)
  for (const [id, absent] of contents.absent) {
    if (absent === null) state.absent.delete(id)
    else state.absent.set(id, absent)
  }
}

/**
 * The part of a unit's contents that the server holds, text by text: all of it when the unit was
 * executed, and nothing new when it was not. Sums are as the server has them.
 */
export async function heldContents(
  contents: UnitContents,
  client: ValkeyClient,
  keys: MirrorKeys,
  defaultFeeRate: DecimalText,
): Promise<UnitContents> {
  const { orders, balances, tickers, transfers, absent, removed } = contents
  return {
    orders: await held(client, keys.orders, orders, (each) => encodeOrder(each, defaultFeeRate)),
    balances: await held(client, keys.balances, balances, (each) => each && encodeBalance(each)),
    tickers: await heldTickers(client, keys, tickers),
    fills: await heldFills(client, keys, contents.fills),
    transfers: await held(client, keys.transfers, transfers, encodeTransfer),
    absent: await held(client, keys.absent, absent, (each) => each && encodeAbsent(each)),
    removed,
    sums: await readEntries(client, keys.sums, [...contents.sums.keys()], decodeSums),
    traded: await readEntries(client, keys.traded, [...contents.traded.keys()], decodeTraded),
    carried: await readEntries(client, keys.carried, [...contents.carried.keys()], decodeCarried),
    // What is there after all is read back when something names it.
    removedFills: contents.removedFills,
    removedTransfers: await goneTransfers(client, keys, contents.removedTransfers),
    transferSums: await readEntries(
      client,
      keys.removedTransfers,
      [...contents.transferSums.keys()],
      decodeTransferTotals,
    ),
  }
}

async function heldFills(
  client: ValkeyClient,
  keys: MirrorKeys,
  fills: ReadonlyMap<string, Fill>,
): Promise<ReadonlyMap<string, Fill>> {
  const found = new Map<string, Fill>()
  for (const symbol of new Set([...fills.values()].map((fill) => fill.symbol))) {
    const ofSymbol = new Map(
      [...fills.values()].filter((fill) => fill.symbol === symbol).map((fill) => [fill.id, fill]),
    )
    for (const fill of (await held(client, keys.fills(symbol), ofSymbol, encodeFill)).values())
      found.set(fillName(fill), fill)
  }
  return found
}

async function goneTransfers(
  client: ValkeyClient,
  keys: MirrorKeys,
  removed: ReadonlyMap<string, Transfer>,
): Promise<ReadonlyMap<string, Transfer>> {
  if (removed.size === 0) return removed
  const names = [...removed.keys()]
  const values = (await client.command(['HMGET', keys.transfers, ...names])) as (string | null)[]
  return new Map([...removed].filter((_, index) => values[index] === null))
}

/** The entries whose field in the hash holds just their text; no text: no such field. */
async function held<T>(
  client: ValkeyClient,
  key: string,
  entries: ReadonlyMap<string, T>,
  encode: (value: T) => string | null,
): Promise<ReadonlyMap<string, T>> {
  if (entries.size === 0) return entries
  const values = (await client.command(['HMGET', key, ...entries.keys()])) as (string | null)[]
  return new Map([...entries].filter(([, value], index) => encode(value) === values[index]))
}

async function heldTickers(
  client: ValkeyClient,
  keys: MirrorKeys,
  tickers: ReadonlyMap<string, TimedTicker>,
): Promise<ReadonlyMap<string, TimedTicker>> {
  const found = new Map<string, TimedTicker>()
  for (const [symbol, ticker] of tickers) {
    const { fields, absent } = encodeTicker(ticker)
    const names = [...fields.filter((_, index) => index % 2 === 0), ...absent]
    const values = (await client.command(['HMGET', keys.ticker(symbol), ...names])) as unknown[]
    if (values.every((value, index) => value === (fields[index * 2 + 1] ?? null)))
      found.set(symbol, ticker)
  }
  return found
}
