import {
  calculateCvdQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
} from '../../src/queries/index.ts'
import type { Query } from '../../src/queries/query.ts'

/** A tick as `getRowObjectsJS` gives it. */
export interface TickObject {
  readonly timestamp: Date
  readonly price: number
  readonly volume: number
  readonly side: 'BUY' | 'SELL'
  readonly trade_id: string
}

/** The same figures by a plain loop over every row. */
export interface JavaScriptLoop {
  readonly name: string
  readonly query: Query<object>
  readonly loop: (ticks: readonly TickObject[]) => unknown
}

const binSize = 5

export const javascriptLoops: readonly JavaScriptLoop[] = [
  { name: 'CVD', query: calculateCvdQuery(), loop: cvd },
  { name: 'market profile', query: calculateMarketProfileQuery({ binSize }), loop: profile },
  {
    name: 'footprint of 1m',
    query: calculateFootprintQuery({ timeframe: '1m', binSize }),
    loop: footprint,
  },
]

function cvd(ticks: readonly TickObject[]) {
  let bought = 0
  let sold = 0
  for (const { side, volume } of ticks) {
    if (side === 'BUY') bought += volume
    else sold += volume
  }
  return { cvd: bought - sold, bought, sold }
}

interface Bin {
  bought: number
  sold: number
  buys: number
  sells: number
}

function addTo(bins: Map<number, Bin>, { price, volume, side }: TickObject): void {
  const index = Math.floor(price / binSize)
  let bin = bins.get(index)
  if (bin === undefined) {
    bin = { bought: 0, sold: 0, buys: 0, sells: 0 }
    bins.set(index, bin)
  }
  if (side === 'BUY') {
    bin.bought += volume
    bin.buys += 1
  } else {
    bin.sold += volume
    bin.sells += 1
  }
}

function profile(ticks: readonly TickObject[]) {
  const bins = new Map<number, Bin>()
  for (const tick of ticks) addTo(bins, tick)
  const rows = [...bins].sort(([a], [b]) => a - b).map(([, bin]) => bin.bought + bin.sold)
  const total = rows.reduce((sum, volume) => sum + volume, 0)
  let low = rows.indexOf(Math.max(...rows))
  let high = low
  let held = rows[low]!
  while (held < 0.7 * total) {
    const below = rows[low - 1] ?? -1
    const above = rows[high + 1] ?? -1
    if (below > above) low -= 1
    else high += 1
    held += Math.max(below, above)
  }
  return { bins, low, high, held, total }
}

function footprint(ticks: readonly TickObject[]) {
  const bars = new Map<
    number,
    { bins: Map<number, Bin>; delta: number; max: number; min: number }
  >()
  const ordered = [...ticks].sort(
    (a, b) =>
      a.timestamp.getTime() - b.timestamp.getTime() ||
      a.trade_id.length - b.trade_id.length ||
      (a.trade_id < b.trade_id ? -1 : 1),
  )
  for (const tick of ordered) {
    const minute = Math.floor(tick.timestamp.getTime() / 60_000)
    let bar = bars.get(minute)
    if (bar === undefined) {
      bar = { bins: new Map(), delta: 0, max: -Infinity, min: Infinity }
      bars.set(minute, bar)
    }
    addTo(bar.bins, tick)
    bar.delta += tick.side === 'BUY' ? tick.volume : -tick.volume
    bar.max = Math.max(bar.max, bar.delta)
    bar.min = Math.min(bar.min, bar.delta)
  }
  return [...bars].map(([minute, bar]) => ({ minute, ...bar, ...rowsOf(bar.bins) }))
}

/** A bar's bins from the lowest on, its sums and its point of control. */
function rowsOf(bins: ReadonlyMap<number, Bin>) {
  const rows = [...bins]
    .sort(([a], [b]) => a - b)
    .map(([index, { bought, sold, buys, sells }]) => ({
      index,
      price: index * binSize,
      bought,
      sold,
      buys,
      sells,
      delta: bought - sold,
      volume: bought + sold,
    }))
  const middle = rows[0]!.index + rows.at(-1)!.index
  const totals = { bought: 0, sold: 0, trades: 0, poc: rows[0]! }
  for (const row of rows) {
    totals.bought += row.bought
    totals.sold += row.sold
    totals.trades += row.buys + row.sells
    const { poc } = totals
    const nearer = Math.abs(2 * row.index - middle) < Math.abs(2 * poc.index - middle)
    if (row.volume > poc.volume || (row.volume === poc.volume && nearer)) totals.poc = row
  }
  return { rows, ...totals, poc: totals.poc.price }
}
