import { ownerOf, slotOf } from '../../src/cluster/slots.ts'

/** A cluster on paper: how many pairs of which rates are spread over how many workers. */
export interface Cluster {
  readonly pairs: number
  readonly workers: number
  readonly slots: number
  /** How uneven the rates of pairs are: that of the n-th busiest is 1 ÷ n to this power. */
  readonly skew: number
}

/** How even the work lies, and what of it a join and a death move. Shares of all ticks. */
export interface Spread {
  /** The busiest worker's share, times the number of workers: 1 is even. */
  readonly busiest: number
  /** The busiest slot's share, times the number of workers: no worker has less than its busiest slot. */
  readonly busiestSlot: number
  readonly movedByJoin: number
  readonly movedByDeath: number
}

/** Spreads pairs by the very functions that workers use. */
export function spreadOf({ pairs, workers, slots, skew }: Cluster): Spread {
  const rates = new Float64Array(slots)
  let all = 0
  for (let rank = 1; rank <= pairs; rank++) {
    const rate = rank ** -skew
    rates[slotOf(`binance/spot/PAIR${rank}`, slots)]! += rate
    all += rate
  }
  const shares = [...rates].map((rate) => rate / all)
  const names = Array.from({ length: workers + 1 }, (_, at) => `worker-${at}`)
  const before = ownersOf(names.slice(0, workers), slots)
  const moved = (after: readonly string[]): number =>
    shares.reduce((sum, share, slot) => (before[slot] === after[slot] ? sum : sum + share), 0)
  const load = new Map<string, number>()
  for (const [slot, owner] of before.entries())
    load.set(owner, (load.get(owner) ?? 0) + shares[slot]!)
  return {
    busiest: Math.max(...load.values()) * workers,
    busiestSlot: Math.max(...shares) * workers,
    movedByJoin: moved(ownersOf(names, slots)),
    movedByDeath: moved(ownersOf(names.slice(1, workers), slots)),
  }
}

function ownersOf(members: readonly string[], slots: number): string[] {
  return Array.from({ length: slots }, (_, slot) => ownerOf(slot, members)!)
}
