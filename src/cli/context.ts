import { PairduckError } from '../errors.ts'
import { Terminal } from './terminal.ts'

/** What a command gets from outside: the terminal, the clock, and the wish to stop. */
export interface CliContext {
  readonly terminal: Terminal
  readonly now: () => number
  /** Aborted by the first Ctrl-C, by SIGTERM, or when nobody reads stdout any more. */
  readonly signal: AbortSignal
  /** What the process ends with when no error is thrown; a command may set it. */
  exitCode: number
  dispose(): void
}

/** What a command that Ctrl-C stopped before its end ends with. */
export const exitInterrupted = 130
const pipeClosed = 'nobody reads the output any more'

/** The context of the running process. A second Ctrl-C ends it at once. */
export function processContext(): CliContext {
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(exitInterrupted)
    stop.abort()
  }
  const onOutputError = (error: NodeJS.ErrnoException): void => {
    // `pairduck ticks | head` closes the pipe: that is an end, not a failure.
    if (error.code !== 'EPIPE') throw error
    stop.abort(pipeClosed)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.stdout.on('error', onOutputError)
  return {
    terminal: new Terminal({ stdout: process.stdout, stderr: process.stderr }),
    now: Date.now,
    signal: stop.signal,
    exitCode: 0,
    dispose: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

/** The exit code when an error only says that the command was told to stop; undefined for others. */
export function exitCodeOfStop(error: unknown, signal: AbortSignal): number | undefined {
  const isStop =
    error === signal.reason ||
    PairduckError.is(error, 'ABORTED') ||
    (error instanceof Error && error.name === 'AbortError')
  if (!signal.aborted || !isStop) return undefined
  return signal.reason === pipeClosed ? 0 : exitInterrupted
}
