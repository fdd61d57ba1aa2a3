import { compareText, isPositive, isZero, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { firstOrder, joinOrder } from './join-order.ts'
import { fillPrice, historyEntry } from './order-history.ts'
import { statusOf } from './order-status.ts'
import type { OrderStatus } from './order-status.ts'
import { invalidOrder } from './order.ts'
import type { OrderState } from './order.ts'
import { reservation } from './reservation.ts'
import type { Reservation } from './reservation.ts'

/** A mirrored order: its joined state and the history that its readers see. */
export interface OrderRecord {
  readonly state: OrderState
  readonly reservation: Reservation
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
 * older, a duplicate, or would take back what is known. Throws `INVALID_ORDER` for an event of
 * another symbol or side: it is of another order, which some exchanges give the same id.
 */
export function advanceOrder(
  prev: OrderRecord | undefined,
  next: OrderState,
  maxHistory: number,
  isSnapshot = false,
): OrderRecord {
  if (prev === undefined) return firstRecord(firstOrder(next), maxHistory)
  for (const field of ['symbol', 'side'] as const)
    if (next[field] !== prev.state[field])
      throw invalidOrder(next, field, `${prev.state[field]}, as this id is known`, next[field])
  const state = joinOrder(prev.state, next, isSnapshot)
  if (sameState(state, prev.state)) return prev
  const reserved = reservation(state)
  const entries = progress(prev.state, state, reserved)
  return {
    state,
    reservation: reserved,
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

/** What an order looked like before anything happened to it. */
const untouched = {
  outcome: undefined,
  filled: '0',
  notional: '0',
  fee: null,
  feeCurrency: null,
} as const

function firstRecord(state: OrderState, maxHistory: number): OrderRecord {
  const reserved = reservation(state)
  const isOpenBuy = state.side === 'buy' && state.limitPrice !== null
  const made = historyEntry(state, {
    status: 'new',
    ts: state.createdMs,
    filled: '0',
    reserved: isOpenBuy ? reserved.booked : '0',
  })
  if (state.outcome === undefined && isZero(state.filled))
    return { state, reservation: reserved, history: [made], historyCount: 1 }
  const history = [made, ...progress(untouched, state, reserved)]
  return {
    state,
    reservation: reserved,
    history: history.slice(-maxHistory),
    historyCount: history.length,
  }
}

/** The entries that lead from one state to the next: a fill, an end, or both. */
function progress(
  from: Pick<OrderState, 'outcome' | 'filled' | 'notional' | 'fee' | 'feeCurrency'>,
  to: OrderState,
  { left }: Reservation,
): string[] {
  const entries: string[] = []
  const ended = from.outcome === undefined && to.outcome !== undefined
  if (compareText(to.filled, from.filled) > 0) {
    const status = to.outcome === 'filled' ? 'filled' : 'partially_filled'
    const filled = subtractText(to.filled, from.filled)
    const notional = notionalStep(from, to)
    const price =
      notional === null ? null : isZero(from.filled) ? to.average : fillPrice(filled, notional)
    const fill = { filled, notional, price, fee: feeStep(from, to) }
    const step = { status, ts: to.updatedMs, filled: to.filled, reserved: left, fill } as const
    entries.push(historyEntry(to, step))
    if (status === 'filled') return entries
  }
  if (ended) {
    const status = statusOf(to.outcome, !isZero(to.filled))
    const ts = to.finishedMs ?? to.updatedMs
    entries.push(historyEntry(to, { status, ts, filled: to.filled, reserved: left }))
  }
  return entries
}

/** What a step cost; null when nobody told, for nothing is filled for nothing. */
function notionalStep(
  from: Pick<OrderState, 'filled' | 'notional'>,
  to: OrderState,
): DecimalText | null {
  const before = isZero(from.filled) ? '0' : from.notional
  if (before === null || to.notional === null) return null
  const step = subtractText(to.notional, before)
  return isPositive(step) ? step : null
}

/** A step's fee; null when it is not known, or the fees before were taken in another currency. */
function feeStep(
  from: Pick<OrderState, 'fee' | 'feeCurrency'>,
  to: OrderState,
): DecimalText | null {
  if (to.fee === null || from.fee === null) return to.fee
  return to.feeCurrency === from.feeCurrency ? subtractText(to.fee, from.fee) : null
}

function sameState(a: OrderState, b: OrderState): boolean {
  for (const name of Object.keys(a) as (keyof OrderState)[]) {
    if (a[name] !== b[name]) return false
  }
  return true
}
