import { UsageError } from './failure.ts'

/** Throws a UsageError about a session's beginning where no session counts. */
export function checkSessionStart(options: {
  readonly reset: 'none' | 'session' | number
  readonly sessionStart?: string
}): void {
  if (options.sessionStart !== undefined && options.reset !== 'session')
    throw new UsageError('--session-start goes with --reset session')
}
