import type { AccountSource } from '../model/account-source.ts'
import type { MirrorClock } from '../model/clock.ts'
import { isLate } from '../write/source-limit.ts'

/** A call that is waited for in vain is made again after as long, and ever later up to so many times. */
const longestFactor = 32

interface Late {
  readonly count: number
  readonly untilMs: number
}

/** What makes a call of a source within its time. */
export type CallSource = <T>(member: keyof AccountSource, ask: () => Promise<T>) => Promise<T>

/**
 * The calls of a source, of which one that is never answered is not made each time: changes wait
 * while a snapshot is taken.
 */
export class LateCalls {
  readonly #call: CallSource
  readonly #clock: MirrorClock
  readonly #late = new Map<keyof AccountSource, Late>()

  constructor(call: CallSource, clock: MirrorClock) {
    this.#call = call
    this.#clock = clock
  }

  /** What the call gives; undefined when it is put off. */
  async ask<T>(member: keyof AccountSource, ask: () => Promise<T>): Promise<T | undefined> {
    const late = this.#late.get(member)
    if (late !== undefined && this.#clock.monotonicMs() < late.untilMs) return undefined
    try {
      const given = await this.#call(member, ask)
      this.#late.delete(member)
      return given
    } catch (error) {
      if (isLate(error)) this.#putOff(member, Number(error.details['waitedMs']))
      else this.#late.delete(member)
      throw error
    }
  }

  #putOff(member: keyof AccountSource, waitedMs: number): void {
    const count = (this.#late.get(member)?.count ?? 0) + 1
    const factor = Math.min(2 ** (count - 1), longestFactor)
    this.#late.set(member, { count, untilMs: this.#clock.monotonicMs() + waitedMs * factor })
  }
}
