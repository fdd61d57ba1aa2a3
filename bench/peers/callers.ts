import type { Tick } from '../../src/index.ts'
import type { PeerStore } from './store.ts'

export const callersInAll = 64

/** What some seconds of calls came to. */
export interface Stretch {
  readonly ticksPerSecond: number
  /** Of the process, per tick, until nothing was left to be done for them. */
  readonly cpuMicros: number
}

/** Calls to all pairs in turn, where one stretch after the other takes the next ones. */
export class Callers {
  readonly #store: PeerStore
  readonly #pairs: number
  readonly #calls: readonly (readonly Tick[])[]
  #next = 0

  constructor(store: PeerStore, pairs: number, calls: readonly (readonly Tick[])[]) {
    this.#store = store
    this.#pairs = pairs
    this.#calls = calls
  }

  /** One call to each pair. */
  async each(): Promise<void> {
    const until = this.#next + this.#pairs
    await this.#callWhile(() => this.#next < until)
    await this.#store.settle()
  }

  /** Lets 64 callers, for all pairs together, each await its call before it makes the next. */
  async run(seconds: number): Promise<Stretch> {
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    const endsAt = startedAt + seconds * 1000
    const ticks = await this.#callWhile(() => performance.now() < endsAt)
    const ms = performance.now() - startedAt
    await this.#store.settle()
    const { user, system } = process.cpuUsage(cpu)
    return { ticksPerSecond: (ticks * 1000) / ms, cpuMicros: (user + system) / ticks }
  }

  /** Returns how many ticks were stored. */
  async #callWhile(more: () => boolean): Promise<number> {
    let ticks = 0
    const caller = async (): Promise<void> => {
      while (more() && this.#next < this.#calls.length * this.#pairs) {
        const at = this.#next++
        const call = this.#calls[Math.floor(at / this.#pairs)]!
        await this.#store.insert(at % this.#pairs, call)
        ticks += call.length
      }
    }
    await Promise.all(Array.from({ length: callersInAll }, () => caller()))
    return ticks
  }
}
