import { PairduckError } from './errors.ts'

/**
 * What the promise gives, or a rejection with the signal's reason when that comes first. Each
 * wait adds one listener and takes it away again: nothing that lives longer than the wait holds
 * on to what was waited for. A promise that fails after the end is nobody's concern any more.
 */
export async function untilAborted<T>(coming: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const end = (): void => reject(signal.reason as Error)
    const settle = (settled: () => void): void => {
      signal.removeEventListener('abort', end)
      settled()
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    coming.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}

/** The same for a call: `ABORTED` with the signal, whether or not what it waits for hears of that. */
export async function orAborted<T>(
  subject: string,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return call()
  try {
    signal.throwIfAborted()
    return await untilAborted(call(), signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new PairduckError('ABORTED', `${subject} was aborted`, { cause: signal.reason })
  }
}

/** What an iterable yields, until the signal: one that does not hear it is left alone then. */
export async function* eachUntilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await untilAborted(iterator.next(), signal)
      if (done === true) return
      yield value
    }
  } finally {
    // A generator ends only after what it waits for, which may be never.
    void iterator.return?.().catch(() => undefined)
  }
}
