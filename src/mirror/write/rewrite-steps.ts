import type { MirrorState } from './mirror-state.ts'
import type { UnitPlan } from './unit-plan.ts'

/** Everything that is known, step by step, as a server that lost it gets it again. */
export function* rewriteSteps(state: MirrorState): Generator<(plan: UnitPlan) => void> {
  for (const record of state.openOrders.values()) yield (plan) => plan.rewriteOrder(record)
  for (const record of state.closedOrders.values()) yield (plan) => plan.rewriteOrder(record)
  for (const absent of state.absent.values()) yield (plan) => plan.rewriteAbsent(absent)
  for (const balance of state.balances.values()) yield (plan) => plan.rewriteBalance(balance)
  for (const ticker of state.tickers.values()) yield (plan) => plan.ticker(ticker)
  for (const ledger of state.ledgers.values())
    for (const fill of ledger.fills()) yield (plan) => plan.rewriteFill(fill)
  for (const transfer of state.transfers.values()) yield (plan) => plan.rewriteTransfer(transfer)
}
