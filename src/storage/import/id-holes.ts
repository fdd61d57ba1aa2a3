import { microsFromMs, msFromMicros } from '../../time.ts'

/** A trade by its place in its market's count. */
export interface NumberedTrade {
  readonly id: number
  /** Unix ms. */
  readonly timestamp: number
}

/** Many of them by column. */
export interface NumberedTrades {
  readonly ids: Float64Array
  /** Unix µs. */
  readonly micros: Float64Array
}

/** Neighbours between which ids are missing. */
export type Hole = readonly [before: NumberedTrade, after: NumberedTrade]

export function tradeAt({ ids, micros }: NumberedTrades, at: number): NumberedTrade {
  return { id: ids[at]!, timestamp: msFromMicros(micros[at]!) }
}

/** Trades in the order of their ids, each id once; as they are where that is so. */
export function inOrder(trades: NumberedTrades): NumberedTrades {
  const { ids, micros } = trades
  let at = 1
  while (at < ids.length && ids[at]! > ids[at - 1]!) at++
  if (at >= ids.length) return trades
  const order = Uint32Array.from(ids, (_, index) => index)
    .sort((a, b) => ids[a]! - ids[b]! || a - b)
    .filter((row, index, all) => index === 0 || ids[row] !== ids[all[index - 1]!])
  return {
    ids: Float64Array.from(order, (row) => ids[row]!),
    micros: Float64Array.from(order, (row) => micros[row]!),
  }
}

/** Trades of a list and others in the order of their ids, each id once. */
export function joined(trades: NumberedTrades, others: readonly NumberedTrade[]): NumberedTrades {
  const ids = new Float64Array(trades.ids.length + others.length)
  const micros = new Float64Array(ids.length)
  ids.set(trades.ids)
  micros.set(trades.micros)
  for (const [index, { id, timestamp }] of others.entries()) {
    ids[trades.ids.length + index] = id
    micros[trades.ids.length + index] = microsFromMs(timestamp)
  }
  return inOrder({ ids, micros })
}

/** The same with one before all of them. */
export function withBefore(before: NumberedTrade, { ids, micros }: NumberedTrades): NumberedTrades {
  const all = { ids: new Float64Array(ids.length + 1), micros: new Float64Array(ids.length + 1) }
  all.ids[0] = before.id
  all.micros[0] = microsFromMs(before.timestamp)
  all.ids.set(ids, 1)
  all.micros.set(micros, 1)
  return all
}

/** The neighbours between which ids are missing, of trades in order. */
export function holesBetween(trades: NumberedTrades): Hole[] {
  const { ids } = trades
  const holes: Hole[] = []
  for (let at = 1; at < ids.length; at++)
    if (ids[at]! - ids[at - 1]! > 1) holes.push([tradeAt(trades, at - 1), tradeAt(trades, at)])
  return holes
}
