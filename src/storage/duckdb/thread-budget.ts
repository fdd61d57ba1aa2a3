import { PairduckError } from '../../errors.ts'
import { Semaphore } from './semaphore.ts'

/**
 * What all pairs of a manager share: the threads of Node's pool, on which every statement sits
 * while it runs, and the memory of ticks that wait. Five long queries on the default pool of four
 * once stopped every `fs` call for 9.5 s. Reads, which may be long, get half of the threads, writes
 * the others but one, which stays for the log: every call waits for that one.
 */
export class ThreadBudget {
  pendingTicks = 0
  readonly #maxPendingTicks: number
  readonly #writes: Semaphore
  readonly #reads: Semaphore

  constructor(maxPendingTicks: number, threads: number = poolThreads()) {
    this.#maxPendingTicks = maxPendingTicks
    const reads = Math.max(1, Math.floor(threads / 2))
    this.#reads = new Semaphore(reads)
    this.#writes = new Semaphore(Math.max(1, Math.min(16, threads - reads - 1)))
  }

  /**
   * Runs a writing statement when there is a thread for it. One that nobody waits for comes last,
   * and the signal `spare` ends its waiting.
   */
  write<T>(
    statement: () => Promise<T>,
    { spare }: { readonly spare?: AbortSignal } = {},
  ): Promise<T> {
    return this.#writes.run(statement, spare, spare === undefined ? 0 : -1)
  }

  /** Runs a reading statement when there is a thread for it; waiting ends with `signal`. */
  read<T>(statement: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#reads.run(statement, signal)
  }

  /** Nothing is read any more: who still waits for a thread is let in, to be told so. */
  endReads(): void {
    this.#reads.letAllIn()
  }

  checkRoom(given: number): void {
    if (this.pendingTicks > 0 && this.pendingTicks + given > this.#maxPendingTicks)
      throw new PairduckError(
        'BACKPRESSURE',
        `${this.pendingTicks} rows of all pairs wait to be stored; \`maxPendingTicksTotal\` is ${this.#maxPendingTicks}: await earlier calls`,
        { pendingTicks: this.pendingTicks, maxPendingTicksTotal: this.#maxPendingTicks },
      )
  }
}

/** The size of Node's thread pool. */
function poolThreads(): number {
  const set = Number(process.env['UV_THREADPOOL_SIZE'])
  return Number.isInteger(set) && set > 0 ? Math.min(set, 1024) : 4
}
