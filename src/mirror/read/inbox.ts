import type { MirrorClock } from '../model/clock.ts'

/** A change message as the writer publishes it. */
export interface Message {
  readonly sequence: number
  readonly epoch: string
  readonly orders?: readonly string[]
  readonly balances?: readonly string[]
  readonly tickers?: readonly string[]
  readonly fills?: readonly string[]
  readonly transfers?: readonly string[]
}

/** Messages that wait for a slow consumer; beyond that a snapshot replaces them. */
const maxWaiting = 10_000

/** Messages that have come and are not looked at yet. */
export class Inbox {
  #messages: Message[] = []
  #overflow = false
  #interrupted = false
  #wake: ((silent: boolean) => void) | undefined
  readonly #signal: AbortSignal
  readonly #clock: MirrorClock
  readonly #onAbort = (): void => this.interrupt()

  constructor(signal: AbortSignal, clock: MirrorClock) {
    this.#signal = signal
    this.#clock = clock
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Lets go of the signal, which may live on for longer than the watch. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  get closed(): boolean {
    return this.#signal.aborted
  }

  put(text: string): void {
    const message = readMessage(text)
    if (message === undefined) return
    if (this.#messages.length < maxWaiting) this.#messages.push(message)
    else this.#overflow = true
    this.#wake?.(false)
  }

  take(): Message[] {
    const messages = this.#messages
    this.#messages = []
    return messages
  }

  takeOverflow(): boolean {
    const overflow = this.#overflow
    if (overflow) this.take()
    this.#overflow = false
    return overflow
  }

  /** Ends a wait, the next one if there is none now, as if its time were over. */
  interrupt(): void {
    if (this.#wake === undefined) this.#interrupted = true
    else this.#wake(true)
  }

  /** Waits for a message; whether none came in that time. */
  async silence(ms: number): Promise<boolean> {
    if (this.#messages.length > 0 || this.#overflow || this.closed) return false
    if (this.#interrupted) {
      this.#interrupted = false
      return true
    }
    return await new Promise<boolean>((resolve) => {
      const wake = (silent: boolean): void => {
        cancel()
        this.#wake = undefined
        resolve(silent)
      }
      const cancel = this.#clock.schedule(ms, () => wake(true))
      this.#wake = wake
    })
  }
}

/** What somebody else says on the channel is passed over: sequence numbers find what is missed. */
function readMessage(text: string): Message | undefined {
  try {
    const message = JSON.parse(text) as Message | null
    return typeof message?.sequence === 'number' ? message : undefined
  } catch {
    return undefined
  }
}
