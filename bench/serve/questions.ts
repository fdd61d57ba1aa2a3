import { setTimeout as delay } from 'node:timers/promises'
import type { MarketStore } from '../../src/client/index.ts'
import { calculateCvdQuery, getCandlesQuery } from '../../src/queries/index.ts'

const askEveryMs = 50

/** The milliseconds that each question took, by what it asked for. */
export interface Asked {
  readonly candles: number[]
  readonly cvd: number[]
}

/** Asks 20 questions a second, as a dashboard does, until it is told to stop. */
export async function askOn(
  store: Pick<MarketStore, 'query'>,
  pairs: readonly string[],
  signal: AbortSignal,
): Promise<Asked> {
  const asked: Asked = { candles: [], cvd: [] }
  for (let at = 0; !signal.aborted; at++) {
    const next = delay(askEveryMs)
    const kind = at % 2 === 0 ? 'candles' : 'cvd'
    const begun = performance.now()
    await store.query<unknown>(pairs[at % pairs.length]!, questions[kind]())
    asked[kind].push(performance.now() - begun)
    await next
  }
  return asked
}

const questions = {
  candles: () => getCandlesQuery({ timeframe: '1m', limit: 200 }),
  cvd: () => calculateCvdQuery({ lookbackMinutes: 15 }),
} as const

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
