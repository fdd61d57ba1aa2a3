import { PairduckError } from '../errors.ts'
import { exitCodeOfStop, processContext, type CliContext } from './context.ts'
import { exitCodeOf, failureLine } from './failure.ts'
import { makeProgram } from './program.ts'

/** Whether closing failed because the engine did not let go of a statement. */
function isOfClosing(error: unknown): boolean {
  return (
    error instanceof AggregateError &&
    error.errors.some((each) => PairduckError.is(each, 'DEADLINE_EXCEEDED'))
  )
}

/**
 * Runs the command line and gives its exit code: 0 done, 1 failed (one line on stderr names the
 * error's code), 2 wrong usage, 130 stopped by Ctrl-C before the end. Never throws, never exits
 * by itself, so that what was printed reaches a slow pipe.
 */
export async function runCli(
  args: readonly string[],
  context: CliContext = processContext(),
): Promise<number> {
  try {
    const program = await makeProgram(context, args)
    await program.parseAsync(args, { from: 'user' })
    return context.exitCode
  } catch (error) {
    const stopped = exitCodeOfStop(error, context.signal)
    if (stopped !== undefined) return stopped
    const line = failureLine(error)
    if (line !== undefined) context.terminal.note(line)
    context.isHeld = isOfClosing(error)
    return exitCodeOf(error)
  } finally {
    context.dispose()
  }
}
