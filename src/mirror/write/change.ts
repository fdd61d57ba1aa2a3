import { PairduckError } from '../../errors.ts'
import type { Fill } from '../model/fill.ts'
import type { TimedBalance } from '../model/balance.ts'
import type { OrderState } from '../model/order.ts'
import type { TimedTicker } from '../model/ticker.ts'
import type { Transfer } from '../model/transfer.ts'
import { loadTransfers, needTransfers } from './change-needs.ts'
import type { StoredPlace } from './change-needs.ts'
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
  place: StoredPlace,
): Promise<PlannedChange[]> {
  if (needTransfers(changes, place.state)) await loadTransfers(place)
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
      return plan.transfers.add(change.transfer)
  }
}
