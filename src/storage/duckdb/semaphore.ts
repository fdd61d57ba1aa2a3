import PQueue from 'p-queue'

/** Statements that take turns: so many at once, the others wait in the order of coming. */
export class Semaphore {
  readonly #queue: PQueue

  constructor(concurrency: number) {
    this.#queue = new PQueue({ concurrency })
  }

  /** From now on nobody waits. */
  letAllIn(): void {
    this.#queue.concurrency = Infinity
  }

  /**
   * Runs `statement` when it is its turn, those of a higher priority first. `signal` ends only the waiting: a statement that has
   * begun sits on its thread until the engine lets go of it, and so long it keeps its turn.
   */
  run<T>(statement: () => Promise<T>, signal?: AbortSignal, priority = 0): Promise<T> {
    const isFree = this.#queue.pending < this.#queue.concurrency && this.#queue.size === 0
    // What waits for nothing needs no way to end its waiting, which is most of what a turn costs.
    if (signal === undefined || (isFree && !signal.aborted))
      return this.#queue.add(statement, { priority })
    const waiting = new AbortController()
    const giveUp = (): void => waiting.abort(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    return this.#queue.add(
      () => {
        signal.removeEventListener('abort', giveUp)
        return statement()
      },
      { signal: waiting.signal, priority },
    )
  }
}
