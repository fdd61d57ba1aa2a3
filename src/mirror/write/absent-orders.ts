import { PairduckError } from '../../errors.ts'
import type { AccountSource } from '../model/account-source.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { OrderInput } from '../model/order.ts'
import { givenUp, givenUpError, isTooMany } from './absent-limits.ts'
import type { MirrorState } from './mirror-state.ts'
import { isLate } from './source-limit.ts'

export interface AbsentOrdersOptions {
  readonly state: MirrorState
  readonly clock: MirrorClock
  readonly retainClosedMs: number | undefined
  readonly forget: (ids: readonly string[]) => Promise<void>
  readonly apply: (orders: readonly OrderInput[]) => Promise<unknown>
  /** Told once of each order that can't be had. */
  readonly report: (error: PairduckError) => void
}

/** How many are asked for at a time. */
const maxParallel = 4
/** After a question without an answer; doubled by each further one. */
const firstRetryMs = 60_000
const lastRetryMs = 86_400_000
const maxNamed = 20

interface Tries {
  readonly count: number
  readonly nextMs: number
}

/**
 * Orders that opened and closed while nobody listened, and are known by their trades alone: they
 * are asked for by id. What has no answer is asked for again, more and more rarely, and told once.
 */
export class AbsentOrders {
  readonly #options: AbsentOrdersOptions
  readonly #tries = new Map<string, Tries>()

  constructor(options: AbsentOrdersOptions) {
    this.#options = options
  }

  get ids(): string[] {
    return [...this.#options.state.absent.keys()].sort()
  }

  /** Asks for at most so many that are due; gives how many more are, and would be answered. */
  async ask(fetchOrder: AccountSource['fetchOrder'], most: number): Promise<number> {
    const due = this.#due()
    const waiting = due.slice(0, most)
    const unanswered: string[] = []
    let cause: unknown
    const ask = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { id, symbol } = next
        const order = await fetchOrder(id, symbol).catch((error: unknown) => {
          cause = error
          // Nor would the others be answered.
          if (isLate(error)) waiting.length = 0
          return undefined
        })
        if (order !== undefined) await this.#options.apply([order])
        // An answer may be of another order, or one that can't be mirrored.
        if (this.#options.state.absent.has(id)) unanswered.push(id)
      }
    }
    await Promise.all(Array.from({ length: maxParallel }, ask))
    this.#putOff(unanswered, cause)
    await this.giveUp()
    if (!isLate(cause)) return Math.max(0, due.length - most)
    this.#options.report(cause)
    return 0
  }

  /** Those that were asked for in vain for long enough, or are too many, are told and forgotten. */
  async giveUp(): Promise<void> {
    const { state, clock, retainClosedMs, forget, report } = this.#options
    const tries = (id: string): number => this.#tries.get(id)?.count ?? 0
    const ids = givenUp(state.absent, { nowMs: clock.now(), retainClosedMs, tries })
    if (ids.length === 0) return
    await forget(ids)
    report(givenUpError(ids))
  }

  /** The same where nobody asks: too many are too many at once. */
  async limit(): Promise<void> {
    if (isTooMany(this.#options.state.absent)) await this.giveUp()
  }

  #due(): readonly { readonly id: string; readonly symbol: string }[] {
    const { state, clock } = this.#options
    const now = clock.monotonicMs()
    for (const id of this.#tries.keys()) if (!state.absent.has(id)) this.#tries.delete(id)
    return [...state.absent.values()].filter(
      ({ id }) => (this.#tries.get(id)?.nextMs ?? -Infinity) <= now,
    )
  }

  #putOff(ids: readonly string[], cause: unknown): void {
    const now = this.#options.clock.monotonicMs()
    const told = ids.filter((id) => !this.#tries.has(id))
    for (const id of ids) {
      const count = (this.#tries.get(id)?.count ?? 0) + 1
      const nextMs = now + Math.min(firstRetryMs * 2 ** (count - 1), lastRetryMs)
      this.#tries.set(id, { count, nextMs })
    }
    if (told.length === 0) return
    const named = told.slice(0, maxNamed).join(', ') + (told.length > maxNamed ? ', …' : '')
    const error = new PairduckError(
      'EXCHANGE_INCOMPLETE',
      `${told.length} orders whose trades are mirrored could not be had, and are not mirrored: ${named}`,
      { list: 'orders', absent: told, cause },
    )
    this.#options.report(error)
  }
}
