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
