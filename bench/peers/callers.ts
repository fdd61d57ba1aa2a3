import type { Tick } from '../../src/index.ts'
import type { PeerStore } from './store.ts'

const callersInAll = 64

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
  /** Ticks that were new, of all that were given. */
  inserted = 0

  constructor(store: PeerStore, pairs: number, calls: readonly (readonly Tick[])[]) {
    this.#store = store
    this.#pairs = pairs
    this.#calls = calls
  }

  /** Lets 64 callers, for all pairs together, each await its call before it makes the next. */
  async run(seconds: number): Promise<Stretch> {
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    const endsAt = startedAt + seconds * 1000
    let ticks = 0
    const caller = async (): Promise<void> => {
      while (performance.now() < endsAt && this.#next < this.#calls.length * this.#pairs) {
        const at = this.#next++
        const call = this.#calls[Math.floor(at / this.#pairs)]!
        this.inserted += await this.#store.insert(at % this.#pairs, call)
        ticks += call.length
      }
    }
    await Promise.all(Array.from({ length: callersInAll }, () => caller()))
    const ms = performance.now() - startedAt
    await this.#store.settle()
    const { user, system } = process.cpuUsage(cpu)
    return { ticksPerSecond: (ticks * 1000) / ms, cpuMicros: (user + system) / ticks }
  }
}
