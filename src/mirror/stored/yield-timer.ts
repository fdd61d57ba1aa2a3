import { wholeTurn } from './whole-turn.ts'

/** How long one goes on without a pause, and after how many steps the clock is asked. */
const turnMs = 2
const lookEvery = 32

/** Gives other work its turn of the event loop while something long goes on in small steps. */
export class YieldTimer {
  #endsAt = performance.now() + turnMs
  #untilLook = lookEvery

  /** To be called after each step: what to wait for when this turn was long enough. */
  step(): Promise<void> | undefined {
    if (--this.#untilLook > 0) return undefined
    this.#untilLook = lookEvery
    return performance.now() < this.#endsAt ? undefined : this.#next()
  }

  async #next(): Promise<void> {
    await wholeTurn()
    this.#endsAt = performance.now() + turnMs
  }
}
