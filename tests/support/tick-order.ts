import type { StoredTick, Tick } from '../../src/schema/rows.ts'

/** The one order of ticks: time, length of the id in characters, its bytes, price, volume, side. */
export function byTickOrder(a: Tick | StoredTick, b: Tick | StoredTick): number {
  const [idA, idB] = [a.tradeId ?? '', b.tradeId ?? '']
  return (
    a.timestamp - b.timestamp ||
    [...idA].length - [...idB].length ||
    Buffer.compare(Buffer.from(idA), Buffer.from(idB)) ||
    a.price - b.price ||
    a.volume - b.volume ||
    (a.side === b.side ? 0 : a.side === 'BUY' ? -1 : 1)
  )
}
