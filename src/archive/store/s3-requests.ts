import { PairduckError } from '../../errors.ts'

/** What ends a request when nothing comes for so long, or when its caller wants it no more. */
export interface Deadline {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly caller: AbortSignal | undefined
  /** Something came: the time begins anew. */
  readonly renew: () => void
  readonly end: () => void
}

export function deadlineOf(timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  const timer = setTimeout(stop, timeoutMs)
  caller?.addEventListener('abort', stop, { once: true })
  if (caller?.aborted === true) stop()
  return {
    signal: controller.signal,
    timeoutMs,
    caller,
    renew: () => void timer.refresh(),
    end: () => {
      clearTimeout(timer)
      caller?.removeEventListener('abort', stop)
    },
  }
}

/** What a request was for, what the store answered or that it did not: its own words are `no` or `aborted`. */
export function storeFailure(what: string, cause: unknown, deadline: Deadline): PairduckError {
  if (deadline.caller?.aborted === true)
    return new PairduckError('ABORTED', `${what} was aborted`, { cause: deadline.caller.reason })
  const { name, message, $metadata } = cause as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  const answered =
    status === undefined ? `${name}: ${message}` : `HTTP ${status}, ${name}: ${message}`
  const why = deadline.signal.aborted ? `nothing came for ${deadline.timeoutMs} ms` : answered
  return new PairduckError('IO_FAILED', `${what} failed: ${why}`, { cause })
}
