import { PairduckError } from '../../errors.ts'
import { decodeFill } from '../stored/fill-json.ts'
import type { Fill } from '../model/fill.ts'
import type { TimedBalance } from '../model/balance.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { decodeRecord } from '../stored/order-json.ts'
import type { OrderState } from '../model/order.ts'
import { allReadable } from '../stored/stored-value.ts'
import type { TimedTicker } from '../model/ticker.ts'
import { decodeTransfer } from '../stored/transfer-json.ts'
import type { Transfer } from '../model/transfer.ts'
import { YieldTimer } from '../stored/yield-timer.ts'
import type { UnitPlan } from './unit-plan.ts'

/** One logical change: it is written whole or not at all. */
export type Change =
  | { readonly kind: 'order'; readonly order: OrderState; readonly isSnapshot?: boolean }
  | { readonly kind: 'fill'; readonly fill: Fill }
  /** `seenMs`: the newest time that the exchange had told when an untimed snapshot was begun. */
  | { readonly kind: 'balance'; readonly balance: TimedBalance; readonly seenMs?: number | null }
  | { readonly kind: 'noBalance'; readonly asset: string }
  | { readonly kind: 'ticker'; readonly ticker: TimedTicker }
  | { readonly kind: 'transfer'; readonly transfer: Omit<Transfer, 'refValue'> }

/** Whether a change changes anything, or why it can't be mirrored. */
export type PlannedChange = boolean | PairduckError

/**
 * Plans as many of the changes as one unit takes, after reading what they need; gives for each
 * what becomes of it.
 */
export async function planChanges(
  plan: UnitPlan,
  changes: readonly Change[],
  { state, keys, client }: { state: MirrorState; keys: MirrorKeys; client: ValkeyClient },
): Promise<PlannedChange[]> {
  await loadFor(changes, state, keys, client)
  return layChanges(plan, changes)
}

/** {@link planChanges} when everything that they need is known already. */
export function layChanges(plan: UnitPlan, changes: readonly Change[]): PlannedChange[] {
  const results: PlannedChange[] = []
  for (const change of changes) {
    results.push(planUnlessRefused(plan, change))
    if (plan.isFull) break
  }
  return results
}

/** What only shows beside what is known, such as an order id used again, harms no other change. */
function planUnlessRefused(plan: UnitPlan, change: Change): PlannedChange {
  try {
    return planChange(plan, change)
  } catch (error) {
    if (!PairduckError.is(error, 'INVALID_ORDER')) throw error
    return error
  }
}

/** Lays a change over a plan; false when it changes nothing. */
function planChange(plan: UnitPlan, change: Change): boolean {
  switch (change.kind) {
    case 'order':
      return plan.order(change.order, change.isSnapshot)
    case 'fill':
      return plan.fill(change.fill)
    case 'balance':
      return plan.balance(change.balance, change.seenMs)
    case 'noBalance':
      return plan.dropBalance(change.asset)
    case 'ticker':
      return plan.ticker(change.ticker)
    case 'transfer':
    default:
      return plan.transfer(change.transfer)
  }
}

/**
 * Reads what changes can only be planned upon: the fills of their base assets (for fees and
 * statistics), the orders that fills belong to, the transfers (which a ticker may value). Each is
 * read once and kept.
 */
async function loadFor(
  changes: Iterable<Change>,
  state: MirrorState,
  keys: MirrorKeys,
  client: ValkeyClient,
): Promise<void> {
  const bases = new Set<string>()
  const orderIds = new Set<string>()
  let transfers = false
  for (const change of changes) {
    if (change.kind === 'order') bases.add(change.order.base)
    else if (change.kind === 'fill') {
      bases.add(change.fill.symbol.slice(0, change.fill.symbol.indexOf('/')))
      const { orderId } = change.fill
      if (orderId !== null && state.order(orderId) === undefined) orderIds.add(orderId)
    } else if (change.kind === 'transfer' || change.kind === 'ticker') transfers = true
  }
  for (const base of bases) {
    if (!state.loadedBases.has(base)) await loadBase(base, state, keys, client)
  }
  if (orderIds.size > 0) await loadOrders([...orderIds], state, keys, client)
  if (transfers && !state.transfersLoaded) await loadTransfers(state, keys, client)
}

async function loadBase(
  base: string,
  state: MirrorState,
  keys: MirrorKeys,
  client: ValkeyClient,
): Promise<void> {
  for (const symbol of state.symbolsOf(base)) {
    const values = (await client.command(['HVALS', keys.fills(symbol)])) as string[]
    const ledger = state.ledger(symbol)
    const yields = new YieldTimer()
    for (const fill of await allReadable(values, decodeFill)) {
      if (ledger.wants(fill)) ledger.add(fill)
      const pause = yields.step()
      if (pause !== undefined) await pause
    }
  }
  state.loadedBases.add(base)
}

async function loadOrders(
  ids: readonly string[],
  state: MirrorState,
  keys: MirrorKeys,
  client: ValkeyClient,
): Promise<void> {
  const values = (await client.command(['HMGET', keys.orders, ...ids])) as (string | null)[]
  for (const record of await allReadable(values, decodeRecord)) state.setOrder(record)
}

async function loadTransfers(
  state: MirrorState,
  keys: MirrorKeys,
  client: ValkeyClient,
): Promise<void> {
  const values = (await client.command(['HVALS', keys.transfers])) as string[]
  for (const transfer of await allReadable(values, decodeTransfer)) state.setTransfer(transfer)
  state.transfersLoaded = true
}
