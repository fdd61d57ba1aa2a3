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
  /** The engine is at a statement that no interrupt ended: the process would wait for it. */
  isHeld: boolean
  dispose(): void
}

/** What a command that Ctrl-C stopped before its end ends with. */
export const exitInterrupted = 130
const pipeClosed = 'nobody reads the output any more'

/** Why a command ends: it was told so by a signal. */
class Stopped extends Error {
  override readonly name = 'AbortError'
  readonly by: NodeJS.Signals

  constructor(by: NodeJS.Signals) {
    super('This operation was aborted')
    this.by = by
  }
}

/**
 * Ends the process by the signal that it was told to stop by. `process.exit` waits for the threads of
 * Node's pool, and one of them may be at a statement that the engine does not interrupt.
 */
export function endProcess(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/** The same for a command that has ended; SIGKILL when nobody told it to stop. */
export function endHeld({ signal }: CliContext): void {
  endProcess(signal.reason instanceof Stopped ? signal.reason.by : 'SIGKILL')
}

/** The context of the running process. A second Ctrl-C ends it at once. */
export function processContext(): CliContext {
  const stop = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) endProcess(name)
    stop.abort(new Stopped(name))
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
    isHeld: false,
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
