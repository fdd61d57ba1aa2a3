import type { Manager } from '../manager.ts'
import { simulateMarket, type MarketOptions } from '../../simulator/simulate-market.ts'

/** What became of one pair's deliveries. */
export interface PairIngest {
  readonly pair: string
  /** Ticks that the feed brought, replays included. */
  readonly delivered: number
  /** How many of them were replays. */
  readonly replayed: number
  readonly inserted: number
  readonly duplicates: number
  readonly late: number
}

export interface MarketIngest {
  readonly pairs: readonly PairIngest[]
  readonly ticks: number
  readonly calls: number
  readonly tookMs: number
  readonly ticksPerSecond: number
}

/** Calls that may wait for their commit: enough for group commits, far below backpressure. */
const maxCallsInFlight = 256

/**
 * Feeds a simulated market into the store as an engine would: every batch is a call of
 * `insertTicks`, many pairs at once, each call durable when it resolves.
 */
export async function ingestMarket(
  db: Manager,
  market: MarketOptions,
  {
    signal,
    onBatch,
  }: { readonly signal: AbortSignal; readonly onBatch: (untilMs: number, ticks: number) => void },
): Promise<MarketIngest> {
  const started = performance.now()
  const pairs = new Map<string, { -readonly [Name in keyof PairIngest]: PairIngest[Name] }>()
  const calls = new CallLimit(maxCallsInFlight)
  let ticks = 0
  for (const batch of simulateMarket(market)) {
    signal.throwIfAborted()
    await calls.room()
    const { pair } = batch
    const sums = pairs.get(pair) ?? emptySums(pair)
    pairs.set(pair, sums)
    calls.add(
      db.insertTicks(pair, batch.ticks).then((counts) => {
        sums.inserted += counts.inserted
        sums.duplicates += counts.duplicates
        sums.late += counts.late
        sums.delivered += batch.ticks.length
        sums.replayed += batch.replayed
        ticks += batch.ticks.length
        return onBatch(batch.ticks.at(-1)!.timestamp, ticks)
      }),
    )
  }
  await calls.all()
  const tookMs = performance.now() - started
  const ticksPerSecond = Math.round((ticks / tookMs) * 1_000)
  return { pairs: [...pairs.values()], ticks, calls: calls.count, tookMs, ticksPerSecond }
}

function emptySums(pair: string) {
  return { pair, delivered: 0, replayed: 0, inserted: 0, duplicates: 0, late: 0 }
}

/** Lets so many calls run at once; the first failure is thrown where the next one would begin. */
class CallLimit {
  readonly #max: number
  #running = 0
  count = 0
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  constructor(max: number) {
    this.#max = max
  }

  add(call: Promise<void>): void {
    this.count++
    this.#running++
    call
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#running--
        this.#wake()
      })
  }

  room(): Promise<void> {
    return this.#until(() => this.#running < this.#max)
  }

  all(): Promise<void> {
    return this.#until(() => this.#running === 0)
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
