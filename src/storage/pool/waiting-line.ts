import { PairduckError, type ErrorCode } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import { maxTimerMs } from '../../time.ts'

export interface WaitRules {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  /** Why one waits now, asked when it waits no longer. */
  readonly reason: () => WaitReason
  /** Asked at the deadline, with how many stand ahead: whether this one is about to be served. */
  readonly isNearlyServed: (ahead: number) => boolean
}

/** What is waited for and why, and the code of a wait that ends without it. */
export interface WaitReason {
  readonly code: ErrorCode
  readonly subject: string
}

/** One who stands in the line until served or dismissed. */
export class Waiter<T> {
  readonly pair: Pair
  readonly name: string
  readonly served: Promise<T>
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void
  readonly #line: Set<Waiter<T>>
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void

  constructor(
    pair: Pair,
    { signal, timeoutMs, reason, isNearlyServed }: WaitRules,
    line: Set<Waiter<T>>,
  ) {
    this.pair = pair
    this.name = formatPair(pair)
    this.served = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#line = line
    this.#signal = signal
    this.#onAbort = () => this.dismiss(aborted(signal!, reason()))
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#timer = setTimeout(
      () => {
        if (isNearlyServed([...line].indexOf(this))) return
        const { code, subject } = reason()
        this.dismiss(new PairduckError(code, `${subject}; it did not end before the deadline`))
      },
      Math.min(maxTimerMs, Math.max(0, timeoutMs)),
    )
  }

  serve(value: T): void {
    this.#end()
    this.#resolve(value)
  }

  dismiss(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#line.delete(this)
  }
}

/** Callers that wait for something, in the order of their coming. */
export class WaitingLine<T> {
  readonly #waiters = new Set<Waiter<T>>()

  get length(): number {
    return this.#waiters.size
  }

  /** Joins at the end. The reason's code when the deadline passes, `ABORTED` with the signal. */
  join(pair: Pair, rules: WaitRules): Waiter<T> {
    if (rules.signal?.aborted === true)
      throw new PairduckError(
        'ABORTED',
        `${formatPair(pair)}: the call was aborted before it began to wait for the pair's file`,
        { cause: rules.signal.reason },
      )
    const waiter = new Waiter<T>(pair, rules, this.#waiters)
    this.#waiters.add(waiter)
    return waiter
  }

  has(waiter: Waiter<T>): boolean {
    return this.#waiters.has(waiter)
  }

  /** Those who wait now, the first first. */
  waiters(): Waiter<T>[] {
    return [...this.#waiters]
  }
}

function aborted(signal: AbortSignal, { subject }: WaitReason): PairduckError {
  return new PairduckError('ABORTED', `${subject}; the wait was aborted`, { cause: signal.reason })
}
