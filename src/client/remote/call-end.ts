import { setMaxListeners } from 'node:events'
import { PairduckError } from '../../errors.ts'
import { maxTimerMs } from '../../time.ts'

/** What ends a call: its caller's signal, and its time. */
export interface CallEnd {
  /** Fires with the first of both; of its time with the error that the caller gets. */
  readonly signal: AbortSignal | undefined
  /** Nothing more is to be ended. */
  leave(): void
}

/** Without `timeoutMs` the server alone bounds how long a call may take. */
export function callEnd(
  name: string,
  given: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined },
): CallEnd {
  const { signal, timeoutMs } = given
  if (timeoutMs === undefined) return { signal, leave: () => undefined }
  const over = new AbortController()
  const late = new PairduckError(
    'DEADLINE_EXCEEDED',
    `${name} was not read to its end within ${timeoutMs} ms (\`timeoutMs\`)`,
    { timeoutMs },
  )
  const timer = setTimeout(() => over.abort(late), Math.min(timeoutMs, maxTimerMs))
  timer.unref()
  setMaxListeners(0, over.signal)
  // A signal that followed from the caller's would stay with that for as long as it lives (Node 20).
  const stop = (): void => over.abort(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()
  const leave = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
  return { signal: over.signal, leave }
}
