import { integer, number, required, resolveOptions, rule } from '../options.ts'
import type { PairLike } from '../pair.ts'
import { earliestMs, latestMs } from '../time.ts'
import { Feed, type TickBatch } from './feed.ts'
import { instrumentOf } from './instrument.ts'

export interface MarketOptions {
  readonly pairs: readonly PairLike[]
  /** Time of the first trades, Unix ms. */
  readonly from: number
  readonly durationMs: number
  /** Any text; the same seed and options give the same market. Default `'pairduck'`. */
  readonly seed?: string
  /** Mean trades of a pair in a second. Default 20. */
  readonly ticksPerSecond?: number
  /** How often the feed delivers. Default 250. */
  readonly batchMs?: number
  /** Share of trades that arrive late. Default 0.002. */
  readonly lateShare?: number
  /** Mean time between two losses of a pair's connection; Infinity for never. Default 120. */
  readonly reconnectEverySeconds?: number
}

const rules = {
  pairs: required(
    rule<readonly PairLike[]>(
      'a list of at least one pair',
      (value) => Array.isArray(value) && value.length > 0,
      [],
    ),
  ),
  from: required(number(earliestMs, latestMs, earliestMs)),
  durationMs: required(number(1, 366 * 86_400_000, 1)),
  seed: rule<string>('a text', (value) => typeof value === 'string', 'pairduck'),
  ticksPerSecond: number(0.001, 1e6, 20),
  batchMs: integer(1, 60_000, 250),
  lateShare: number(0, 0.5, 0.002),
  reconnectEverySeconds: number(0.001, Infinity, 120),
}

/**
 * A market that exists only in memory, as its feeds deliver it: batches per pair in the order of
 * arrival, with bursts, trades that come late, and after every lost connection a replay that
 * overlaps what was delivered before. Every trade is delivered at least once; a replayed one is
 * an exact copy. Pure: no clock, no file, no network.
 */
export function* simulateMarket(options: MarketOptions): Generator<TickBatch, void> {
  const resolved = resolveOptions('simulateMarket', options, rules)
  const { from, durationMs, batchMs } = resolved
  const feeds = resolved.pairs.map((pair) => new Feed(instrumentOf(pair), resolved))
  for (let start = 0; start < durationMs; start += batchMs) {
    const end = Math.min(start + batchMs, durationMs)
    for (const feed of feeds) {
      const batch = feed.deliver(from + start, from + end)
      if (batch !== undefined) yield batch
    }
  }
  for (const feed of feeds) {
    const batch = feed.finish()
    if (batch !== undefined) yield batch
  }
}
