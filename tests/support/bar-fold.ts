import type { TickLike } from './duck.ts'

export interface Bar {
  timestamp: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** Bars out of ticks in any order, by the plainest loop: what SQL's bars are compared with. */
export function foldBars(ticks: readonly TickLike[], widthMs: number): Bar[] {
  const bars = new Map<number, Bar>()
  for (const { timestamp, price, volume } of [...ticks].sort(byTickOrder)) {
    const start = Math.floor(timestamp / widthMs) * widthMs
    const bar = bars.get(start)
    if (bar === undefined)
      bars.set(start, {
        timestamp: start,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
      })
    else {
      bar.high = Math.max(bar.high, price)
      bar.low = Math.min(bar.low, price)
      bar.close = price
      bar.volume += volume
    }
  }
  return [...bars.values()]
}

function byTickOrder(a: TickLike, b: TickLike): number {
  const [idA, idB] = [a.tradeId ?? '', b.tradeId ?? '']
  return (
    a.timestamp - b.timestamp || idA.length - idB.length || (idA < idB ? -1 : Number(idA > idB))
  )
}
