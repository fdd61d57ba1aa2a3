import { PairduckError } from '../../errors.ts'

/**
 * What `work` gives, or `DEADLINE_EXCEEDED` when its time is over: also where it does not end by its
 * signal, because the engine is in a step that no interrupt ends, or others are that it waits for.
 */
export async function withinTime<T>(
  timeoutMs: number,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const late = new PairduckError(
    'DEADLINE_EXCEEDED',
    `${name} was not answered within ${timeoutMs} ms (\`answerTimeoutMs\`)`,
    { timeoutMs },
  )
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(late)
      over.abort(late)
    }, timeoutMs)
    work(over.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
