import { PairduckError } from '../errors.ts'

interface Waiter {
  readonly wake: () => void
  readonly dismiss: (error: unknown) => void
}

/** Callers that wait for something, served in the order of their coming; bounded, with deadlines. */
export class WaitingLine {
  readonly #max: number
  readonly #waiters: Waiter[] = []

  constructor(max: number) {
    this.#max = max
  }

  get length(): number {
    return this.#waiters.length
  }

  /**
   * Resolves when called. `POOL_EXHAUSTED` when the line is full or the deadline passes, `ABORTED`
   * with the signal. One who was called in vain comes back `inLine` and stands at the head again.
   */
  wait({
    signal,
    deadline,
    inLine,
    subject,
  }: {
    signal: AbortSignal | undefined
    deadline: number
    inLine: boolean
    subject: string
  }): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(aborted(signal, subject))
    if (!inLine && this.#waiters.length >= this.#max)
      return Promise.reject(
        new PairduckError(
          'POOL_EXHAUSTED',
          `${subject}; ${this.#waiters.length} callers wait already (\`maxWaiting\`)`,
        ),
      )
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
      }
      const waiter: Waiter = {
        wake: () => {
          leave()
          resolve()
        },
        dismiss: (error) => {
          leave()
          reject(error)
        },
      }
      const onAbort = (): void => waiter.dismiss(aborted(signal!, subject))
      const timer = setTimeout(
        () =>
          waiter.dismiss(
            new PairduckError('POOL_EXHAUSTED', `${subject}; none came free before the deadline`),
          ),
        Math.max(0, deadline - Date.now()),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
      if (inLine) this.#waiters.unshift(waiter)
      else this.#waiters.push(waiter)
    })
  }

  callNext(): void {
    this.#waiters[0]?.wake()
  }

  dismiss(error: unknown): void {
    while (this.#waiters.length > 0) this.#waiters[0]!.dismiss(error)
  }
}

function aborted(signal: AbortSignal, subject: string): PairduckError {
  return new PairduckError('ABORTED', `${subject}; the wait was aborted`, { cause: signal.reason })
}
