import { setTimeout } from 'node:timers/promises'
import type { MirrorClock } from '../../src/mirror/model/clock.ts'

interface Timer {
  readonly atMs: number
  readonly action: () => void
}

/** A clock that stands still until it is told to go on. Servers and processes keep their own time. */
export class ManualClock implements MirrorClock {
  readonly #timers = new Set<Timer>()
  #atMs = 0
  #offsetMs: number

  /** `offsetMs`: how far this clock is ahead of the machine's. */
  constructor(nowMs: number = Date.now()) {
    this.#offsetMs = nowMs
  }

  now(): number {
    return this.#offsetMs + this.#atMs
  }

  monotonicMs(): number {
    return this.#atMs
  }

  schedule(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#atMs + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Sets the time of day, as somebody who corrects a clock does; what has been waited for stays. */
  set(nowMs: number): void {
    this.#offsetMs = nowMs - this.#atMs
  }

  /** Goes on by so much at once; what is due on the way is called, the earliest first. */
  advance(ms: number): void {
    const end = this.#atMs + ms
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > end) break
      this.#timers.delete(next)
      this.#atMs = Math.max(this.#atMs, next.atMs)
      next.action()
    }
    this.#atMs = end
  }

  /** Goes on in steps until something is so; between them servers and sources get to answer. */
  async until(isSo: () => unknown, stepMs = 100): Promise<void> {
    for (let step = 0; step < 20_000; step++) {
      if ((await isSo()) === true) return
      this.advance(stepMs)
      await setTimeout(1)
    }
    throw new Error('it never came to be so')
  }

  /** Goes on by so much in steps. */
  async pass(ms: number, stepMs = 100): Promise<void> {
    const end = this.#atMs + ms
    await this.until(() => this.#atMs >= end, stepMs)
  }
}
