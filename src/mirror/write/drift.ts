import { PairduckError } from '../../errors.ts'
import type { AccountSnapshot } from '../model/account-source.ts'
import { namedAssets, readBalance, sameBalance } from '../model/balance.ts'
import { asObject } from '../model/checked-source.ts'
import { compareText, isDecimalText } from '../model/decimal.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { advanceOrder } from '../model/order-record.ts'
import type { OrderRecord } from '../model/order-record.ts'
import type { OrderState } from '../model/order.ts'
import { readOrder } from '../model/read-order.ts'
import { wrongIndexes } from '../stored/stored-account.ts'
import type { StoredAccount } from '../stored/stored-account.ts'

/** One difference between what is stored and what should be. */
export interface DriftEntry {
  /** What differs: an order, a balance or an index of them. */
  readonly kind: 'order' | 'balance' | 'index'
  /** Order id, asset, or the key of the set. */
  readonly id: string
  /**
   * Not stored, stored though it should not be, stored otherwise, or nothing that can be mirrored:
   * `actual` is then the INVALID_ORDER or INVALID_EVENT.
   */
  readonly problem: 'missing' | 'unexpected' | 'different' | 'refused'
  /** Name of the field that differs. */
  readonly field?: string
  /** What the mirror held. */
  readonly stored?: unknown
  /** What the exchange said. */
  readonly actual?: unknown
}

/** Compares what is stored with what this writer has written. */
export function driftFromState(
  stored: StoredAccount,
  state: MirrorState,
  keys: MirrorKeys,
): DriftEntry[] {
  const entries = storedDrift(stored, keys)
  for (const [id, record] of state.openOrders) {
    const order = stored.orders.get(id)?.record
    if (order === undefined) entries.push({ kind: 'order', id, problem: 'missing' })
    else entries.push(...stateDrift(id, order, record))
  }
  for (const [asset, balance] of state.balances) {
    const found = stored.balances.get(asset)
    if (found === undefined) entries.push({ kind: 'balance', id: asset, problem: 'missing' })
    else if (!sameBalance(found, balance))
      entries.push({
        kind: 'balance',
        id: asset,
        problem: 'different',
        stored: found,
        actual: balance,
      })
  }
  return entries
}

/** Compares what is stored with a snapshot of the account. */
export function driftFromSnapshot(
  stored: StoredAccount,
  snapshot: AccountSnapshot,
  keys: MirrorKeys,
  derivatives: boolean,
): DriftEntry[] {
  const entries = storedDrift(stored, keys)
  const open = new Set<string>()
  for (const input of snapshot.openOrders ?? []) {
    const { id } = asObject(input)
    open.add(String(id))
    const next = readOr(() => readOrder(input, derivatives), refusal('order', id, entries))
    if (next === undefined) continue
    const order = stored.orders.get(next.id)?.record
    if (order === undefined) entries.push({ kind: 'order', id: next.id, problem: 'missing' })
    else entries.push(...stateDrift(next.id, order, asTold(order, next)))
  }
  for (const [id, order] of snapshot.openOrders === null ? [] : stored.orders) {
    if (order !== undefined && order.record.state.outcome === undefined && !open.has(id))
      entries.push({ kind: 'order', id, problem: 'unexpected' })
  }
  return [...entries, ...balanceDrift(stored, snapshot)]
}

/** The stored order with all that the snapshot says of it, be it older or less. */
function asTold(stored: OrderRecord, next: OrderState): OrderRecord {
  // Another order of the same id: the mirror would refuse it.
  if (stored.state.symbol !== next.symbol || stored.state.side !== next.side)
    return { ...stored, state: next }
  const { filled, notional } =
    compareText(next.filled, stored.state.filled) === 0 ? next : stored.state
  const updatedMs = Math.max(stored.state.updatedMs, next.updatedMs)
  const joined = advanceOrder(stored, { ...next, filled, notional, updatedMs }, 1, true)
  const told = { filled: next.filled, outcome: next.outcome }
  const state = {
    ...joined.state,
    ...told,
    ...(filled !== next.filled && { notional: next.notional }),
  }
  return { ...joined, state }
}

function readOr<T>(read: () => T, refuse: (error: PairduckError) => void): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!PairduckError.is(error)) throw error
    refuse(error)
    return undefined
  }
}

function refusal(
  kind: 'order' | 'balance',
  id: unknown,
  entries: DriftEntry[],
): (error: PairduckError) => void {
  return (actual) => entries.push({ kind, id: String(id), problem: 'refused', actual })
}

function balanceDrift(stored: StoredAccount, snapshot: AccountSnapshot): DriftEntry[] {
  if (snapshot.balances === undefined) return []
  const entries: DriftEntry[] = []
  const named = namedAssets(snapshot.balances)
  for (const input of snapshot.balances) {
    const held = readOr(
      () => readBalance(input),
      refusal('balance', asObject(input).asset, entries),
    )
    if (held === undefined) continue
    const { asset, free, used, total } = held
    const found = stored.balances.get(asset)
    if (found === undefined) entries.push({ kind: 'balance', id: asset, problem: 'missing' })
    else if (!sameBalance(found, { asset, free, used, total }))
      entries.push({
        kind: 'balance',
        id: asset,
        problem: 'different',
        stored: found,
        actual: { asset, free, used, total },
      })
  }
  for (const asset of stored.balances.keys())
    if (named?.has(asset) === false)
      entries.push({ kind: 'balance', id: asset, problem: 'unexpected' })
  return entries
}

/** Orders of which only trades are mirrored, and sets of open orders that are wrong. */
function storedDrift(stored: StoredAccount, keys: MirrorKeys): DriftEntry[] {
  const entries: DriftEntry[] = [...stored.absent.values()].map(({ id, symbol }) => ({
    kind: 'order',
    id,
    problem: 'missing',
    field: 'symbol',
    actual: symbol,
  }))
  for (const { key, id } of wrongIndexes(stored, keys))
    entries.push({ kind: 'index', id: key, problem: 'unexpected', stored: id })
  for (const [id, order] of stored.orders) {
    const state = order?.record.state
    if (state === undefined || state.outcome !== undefined) continue
    if (!stored.openBySymbol.get(state.symbol)?.has(id))
      entries.push({ kind: 'index', id: keys.open(state.symbol), problem: 'missing', actual: id })
  }
  return entries
}

const comparedFields = [
  'symbol',
  'side',
  'type',
  'amount',
  'outcome',
  'limitPrice',
  'triggerPrice',
  'filled',
  'notional',
] as const

function stateDrift(id: string, stored: OrderRecord, actual: OrderRecord): DriftEntry[] {
  return comparedFields
    .filter((field) => !isSame(stored.state[field], actual.state[field]))
    .map((field) => ({
      kind: 'order',
      id,
      problem: 'different',
      field,
      stored: stored.state[field],
      actual: actual.state[field],
    }))
}

/** Decimals are the same with more zeros at their end. */
function isSame(a: string | null | undefined, b: string | null | undefined): boolean {
  if (a === b) return true
  return isDecimalText(a ?? '') && isDecimalText(b ?? '') && compareText(a!, b!) === 0
}
