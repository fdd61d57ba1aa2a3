import type { MirrorState } from './mirror-state.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import type { UnitPlan } from './unit-plan.ts'

/**
 * Everything that is known, step by step, as a server that lost it gets it again. `lost`: symbols of
 * which it holds no trades any more.
 */
export function* rewriteSteps(
  state: MirrorState,
  lost: Iterable<string>,
): Generator<(plan: UnitPlan) => void> {
  // First: when this is cut short, the next attempt finds trades that this one has written.
  for (const carried of leftBehind(state, lost)) yield (plan) => plan.fills.rewriteCarried(carried)
  for (const record of state.openOrders.values()) yield (plan) => plan.rewriteOrder(record)
  for (const record of state.closedOrders.values()) yield (plan) => plan.rewriteOrder(record)
  for (const absent of state.absent.values()) yield (plan) => plan.rewriteAbsent(absent)
  for (const balance of state.balances.values()) yield (plan) => plan.rewriteBalance(balance)
  for (const ticker of state.tickers.values()) yield (plan) => plan.ticker(ticker)
  for (const fill of state.fills.values()) yield (plan) => plan.fills.rewrite(fill)
  for (const [name, traded] of state.traded.entries())
    yield (plan) => plan.fills.rewriteTraded(name, traded)
  for (const [symbol, sums] of state.sums) yield (plan) => plan.fills.rewriteSums(symbol, sums)
  for (const transfer of state.transfers.values()) yield (plan) => plan.transfers.rewrite(transfer)
  for (const [kind, totals] of state.removedTransfers)
    yield (plan) => plan.transfers.rewriteSums(kind, totals)
}

/** Trades that only the server knew are removed now: they are in the sums, and count no more. */
function leftBehind(state: MirrorState, lost: Iterable<string>): Iterable<CarriedPosition> {
  const carried = new Map(state.carried)
  for (const symbol of lost) {
    const known = carried.get(symbol) ?? { symbol, beforeMs: 0, quantity: '0', costs: new Map() }
    const beforeMs = Math.max(known.beforeMs, state.forgottenMs(symbol) + 1)
    carried.set(symbol, { ...known, beforeMs })
  }
  return carried.values()
}
