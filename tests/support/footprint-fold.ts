import { timeframeMs, type Timeframe } from '../../src/time.ts'
import { byTickOrder } from './tick-order.ts'
import type { RandomTick } from './ticks.ts'

export interface FoldedCell {
  bin: number
  buyVolume: number
  sellVolume: number
  buyCount: number
  sellCount: number
}

export interface FoldedBar {
  timestamp: number
  knownAt: number
  maxDelta: number
  minDelta: number
  delta: number
  /** Lowest first. */
  cells: FoldedCell[]
  pocBin: number
  lowest: number
  highest: number
}

/** A footprint as anyone would fold it: sort, walk, keep a running delta. Oldest bar first. */
export function foldFootprint(
  ticks: readonly RandomTick[],
  timeframe: Timeframe,
  binOf: (price: number) => number,
): FoldedBar[] {
  const width = timeframeMs[timeframe]
  const bars = new Map<number, FoldedBar>()
  for (const { timestamp, price, volume, side } of ticks.toSorted(byTickOrder)) {
    const open = Math.floor(timestamp / width) * width
    const bar = bars.get(open) ?? emptyBar(open, open + width)
    bars.set(open, bar)
    const bin = binOf(price)
    let cell = bar.cells.find((each) => each.bin === bin)
    if (cell === undefined) {
      cell = { bin, buyVolume: 0, sellVolume: 0, buyCount: 0, sellCount: 0 }
      bar.cells.push(cell)
    }
    if (side === 'BUY') {
      cell.buyVolume += volume
      cell.buyCount += 1
      bar.delta += volume
    } else {
      cell.sellVolume += volume
      cell.sellCount += 1
      bar.delta -= volume
    }
    bar.maxDelta = Math.max(bar.maxDelta, bar.delta)
    bar.minDelta = Math.min(bar.minDelta, bar.delta)
  }
  for (const bar of bars.values()) {
    bar.cells.sort((a, b) => a.bin - b.bin)
    bar.lowest = bar.cells[0]!.bin
    bar.highest = bar.cells.at(-1)!.bin
    bar.pocBin = pointOfControl(bar)
  }
  return [...bars.values()]
}

function emptyBar(timestamp: number, knownAt: number): FoldedBar {
  const deltas = { maxDelta: -Infinity, minDelta: Infinity, delta: 0 }
  return { timestamp, knownAt, ...deltas, cells: [], pocBin: 0, lowest: 0, highest: 0 }
}

/** The largest; of several the nearest to the middle; of those the lower. */
function pointOfControl({ cells, lowest, highest }: FoldedBar): number {
  const most = Math.max(...cells.map(volumeOf))
  const tied = cells.filter((cell) => volumeOf(cell) === most).map(({ bin }) => bin)
  const distance = (bin: number): number => Math.abs(bin - (lowest + highest) / 2)
  const least = Math.min(...tied.map(distance))
  return tied.find((bin) => distance(bin) === least)!
}

function volumeOf(cell: FoldedCell): number {
  return cell.buyVolume + cell.sellVolume
}
