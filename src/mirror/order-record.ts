import { compareText, isZero, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { firstState, joinOrder } from './join-order.ts'
import type { JoinedOrder } from './join-order.ts'
import { fillPrice, historyEntry } from './order-history.ts'
import { statusOf } from './order-status.ts'
import type { OrderStatus } from './order-status.ts'
import type { OrderState } from './order.ts'

/** A mirrored order: its joined state and the history that its readers see. */
export interface OrderRecord {
  readonly state: JoinedOrder
  /** History entries as JSON, the oldest first; only the newest are kept. */
  readonly history: readonly string[]
  /** How many entries there have been; the last one's index is one less. */
  readonly historyCount: number
}

/** The status that readers see. */
export function recordStatus({ state }: OrderRecord): OrderStatus {
  return statusOf(state.outcome, !isZero(state.filled))
}

/**
 * The record after one more event, and the same object when the event changes nothing: it is
 * older, a duplicate, or would take back what is known.
 */
export function advanceOrder(
  prev: OrderRecord | undefined,
  next: OrderState,
  maxHistory: number,
): OrderRecord {
  if (prev === undefined) return firstRecord(next, maxHistory)
  const state = joinOrder(prev.state, next)
  if (sameState(state, prev.state)) return prev
  const entries = progress(prev.state, state)
  return {
    state,
    history: [...prev.history, ...entries].slice(-maxHistory),
    historyCount: prev.historyCount + entries.length,
  }
}

/** The record with the fee that its mirrored fills add up to. */
export function withFee(record: OrderRecord, fee: DecimalText, feeCurrency: string): OrderRecord {
  const { state } = record
  if (state.fee === fee && state.feeCurrency === feeCurrency) return record
  return { ...record, state: { ...state, fee, feeCurrency } }
}

function firstRecord(next: OrderState, maxHistory: number): OrderRecord {
  const state = firstState(next)
  const created: JoinedOrder = {
    ...state,
    outcome: undefined,
    filled: '0',
    notional: '0',
    average: null,
    fee: null,
    finishedMs: null,
    updatedMs: state.createdMs,
  }
  const history = [
    historyEntry({ state: created, status: 'new', ts: state.createdMs }),
    ...progress(created, state),
  ]
  return { state, history: history.slice(-maxHistory), historyCount: history.length }
}

/** The entries that lead from one state to the next: a fill, an end, or both. */
function progress(from: JoinedOrder, to: JoinedOrder): string[] {
  const entries: string[] = []
  const ended = from.outcome === undefined && to.outcome !== undefined
  if (compareText(to.filled, from.filled) > 0) {
    const status = to.outcome === 'filled' ? 'filled' : 'partially_filled'
    const filled = subtractText(to.filled, from.filled)
    const notional = subtractText(to.notional, from.notional)
    const price = isZero(from.filled) ? to.average : fillPrice(filled, notional)
    const fee = to.fee === null ? null : from.fee === null ? to.fee : subtractText(to.fee, from.fee)
    entries.push(
      historyEntry({ state: to, status, ts: to.updatedMs, fill: { filled, notional, price, fee } }),
    )
    if (status === 'filled') return entries
  }
  if (ended)
    entries.push(
      historyEntry({
        state: to,
        status: statusOf(to.outcome, !isZero(to.filled)),
        ts: to.finishedMs ?? to.updatedMs,
      }),
    )
  return entries
}

function sameState(a: JoinedOrder, b: JoinedOrder): boolean {
  for (const name of Object.keys(a) as (keyof JoinedOrder)[]) {
    if (a[name] !== b[name]) return false
  }
  return true
}
