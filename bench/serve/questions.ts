import { setTimeout as delay } from 'node:timers/promises'
import type { MarketStore } from '../../src/client/index.ts'
import { calculateCvdQuery, getCandlesQuery } from '../../src/queries/index.ts'

const askEveryMs = 50

/** Asks 20 questions a second, as a dashboard does, until it is told to stop; what each took. */
export async function askOn(
  store: Pick<MarketStore, 'query'>,
  pairs: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const took: number[] = []
  for (let at = 0; !signal.aborted; at++) {
    const next = delay(askEveryMs)
    const name = pairs[at % pairs.length]!
    const begun = performance.now()
    const query =
      at % 2 === 0
        ? getCandlesQuery({ timeframe: '1m', limit: 200 })
        : calculateCvdQuery({ lookbackMinutes: 15 })
    await store.query<unknown>(name, query)
    took.push(performance.now() - begun)
    await next
  }
  return took
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
