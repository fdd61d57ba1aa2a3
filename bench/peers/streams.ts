import type { Tick } from '../../src/index.ts'
import { cutIntoCalls, makeTrades, tickSpacingMs } from '../storage/trades.ts'

/** What the ticks of a pair are like. */
export const streamKinds = ['ascending', 'replays', 'random ids'] as const
export type StreamKind = (typeof streamKinds)[number]

const replayedShare = 0.3
const lateShare = 0.05
/** How far back in the stream a replay, and how late a late tick, is at most. */
const replayReach = 200
const lateByMs = 3000

/** The calls of a pair, in order. Every pair gets the same ones: ids are a pair's own. */
export function makeCalls(kind: StreamKind, ticks: number, callSize: number): Tick[][] {
  const trades = makeTrades(ticks, Date.now() - ticks * tickSpacingMs)
  return cutIntoCalls(asStream(kind, trades), callSize)
}

function asStream(kind: StreamKind, trades: Tick[]): Tick[] {
  const random = randomNumbers()
  if (kind === 'ascending') return trades
  if (kind === 'random ids') return trades.map((tick) => ({ ...tick, tradeId: uuid(random) }))
  const stream: Tick[] = []
  for (const tick of trades) {
    const draw = random()
    const before = stream[Math.floor(stream.length - 1 - random() * replayReach)]
    if (draw < replayedShare && before !== undefined) stream.push(before)
    else if (draw < replayedShare + lateShare)
      stream.push({ ...tick, timestamp: tick.timestamp - Math.ceil(random() * lateByMs) })
    else stream.push(tick)
  }
  return stream
}

/** The ids that Bybit gives. */
function uuid(random: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  return `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(6)}${hex(6)}`
}

/** The same numbers in each run. */
function randomNumbers(): () => number {
  let state = 0x2545_f491
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
