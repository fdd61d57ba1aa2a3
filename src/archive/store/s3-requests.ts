import { PairduckError } from '../../errors.ts'

/** What ends a request when nothing comes for so long. */
export interface Deadline {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Something came: the time begins anew. */
  readonly renew: () => void
  readonly end: () => void
}

export function deadlineOf(timeoutMs: number): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  return {
    signal: controller.signal,
    timeoutMs,
    renew: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  }
}

/** What a request was for, what the store answered or that it did not: its own words are `no` or `aborted`. */
export function storeFailure(what: string, cause: unknown, deadline: Deadline): PairduckError {
  const { name, message, $metadata } = cause as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  const answered =
    status === undefined ? `${name}: ${message}` : `HTTP ${status}, ${name}: ${message}`
  const why = deadline.signal.aborted ? `nothing came for ${deadline.timeoutMs} ms` : answered
  return new PairduckError('IO_FAILED', `${what} failed: ${why}`, { cause })
}
