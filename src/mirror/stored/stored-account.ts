import { decodeAbsent } from './absent-order.ts'
import type { AbsentOrder } from './absent-order.ts'
import { decodeBalance } from './balance-json.ts'
import type { Balance } from '../model/balance.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from './keys.ts'
import { decodeRecord } from './order-json.ts'
import type { OrderRecord } from '../model/order-record.ts'
import { hashScript, openOrdersScript, ordersById } from './read-scripts.ts'
import type { OrdersReply } from './read-scripts.ts'
import { readable } from './stored-value.ts'
import { YieldTimer } from './yield-timer.ts'

/** What the server holds of an account, wrong entries included. */
export interface StoredAccount {
  /** By the ids of `open:set`; undefined where there is no order, or none that can be read. */
  readonly orders: ReadonlyMap<string, StoredOrder | undefined>
  /** The ids of each `open:{SYMBOL}`. */
  readonly openBySymbol: ReadonlyMap<string, ReadonlySet<string>>
  readonly balances: ReadonlyMap<string, Balance>
  /** Orders of mirrored trades that are not mirrored themselves, by id. */
  readonly absent: ReadonlyMap<string, AbsentOrder>
  /** Fields of the balances' hash that hold none. */
  readonly unreadableBalances: readonly string[]
}

export interface StoredOrder {
  readonly json: string
  readonly record: OrderRecord
}

/** An id in a set of open orders where it doesn't belong. */
export interface WrongIndex {
  readonly key: string
  readonly id: string
}

/** Reads what is stored; nothing may be written meanwhile. */
export async function readStored(
  client: ValkeyClient,
  keys: MirrorKeys,
  symbols: Iterable<string>,
): Promise<StoredAccount> {
  const reply = await client.script(openOrdersScript, [keys.orders, keys.openSet], [])
  const orders = new Map<string, StoredOrder | undefined>()
  const known = new Set(symbols)
  const yields = new YieldTimer()
  for (const [id, json] of ordersById(reply as OrdersReply)) {
    const stored = storedOrder(json)
    orders.set(id, stored)
    if (stored !== undefined) known.add(stored.record.state.symbol)
    const pause = yields.step()
    if (pause !== undefined) await pause
  }
  const openBySymbol = new Map<string, ReadonlySet<string>>()
  for (const symbol of known) {
    const ids = (await client.command(['SMEMBERS', keys.open(symbol)])) as string[]
    openBySymbol.set(symbol, new Set(ids))
  }
  const absent = await readAbsent(client, keys)
  return { orders, openBySymbol, absent, ...(await readBalances(client, keys)) }
}

/** Ids in sets of open orders that have no order, a closed one, or one of another symbol. */
export function wrongIndexes(stored: StoredAccount, keys: MirrorKeys): WrongIndex[] {
  const wrong: WrongIndex[] = []
  const isOpenOf = (id: string, symbol?: string): boolean => {
    const state = stored.orders.get(id)?.record.state
    return (
      state !== undefined &&
      state.outcome === undefined &&
      (symbol === undefined || state.symbol === symbol)
    )
  }
  for (const id of stored.orders.keys()) if (!isOpenOf(id)) wrong.push({ key: keys.openSet, id })
  for (const [symbol, ids] of stored.openBySymbol)
    for (const id of ids) if (!isOpenOf(id, symbol)) wrong.push({ key: keys.open(symbol), id })
  return wrong
}

async function readAbsent(
  client: ValkeyClient,
  keys: MirrorKeys,
): Promise<Map<string, AbsentOrder>> {
  const flat = (await client.script(hashScript, [keys.absent], [])) as string[]
  const absent = new Map<string, AbsentOrder>()
  for (let i = 0; i < flat.length; i += 2) {
    const order = decodeAbsent(flat[i]!, flat[i + 1]!)
    if (order !== undefined) absent.set(order.id, order)
  }
  return absent
}

async function readBalances(
  client: ValkeyClient,
  keys: MirrorKeys,
): Promise<Pick<StoredAccount, 'balances' | 'unreadableBalances'>> {
  const flat = (await client.script(hashScript, [keys.balances], [])) as string[]
  const balances = new Map<string, Balance>()
  const unreadableBalances: string[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const balance = readable(flat[i + 1]!, decodeBalance)
    if (balance !== undefined && balance.asset === flat[i]) balances.set(balance.asset, balance)
    else unreadableBalances.push(flat[i]!)
  }
  return { balances, unreadableBalances }
}

function storedOrder(json: string | null): StoredOrder | undefined {
  if (json === null) return undefined
  // Something else that was written there counts as no order, and is healed as such.
  const record = readable(json, decodeRecord)
  return record && { json, record }
}
