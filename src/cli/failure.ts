import { debuglog } from 'node:util'
import { CommanderError } from 'commander'
import { PairduckError, systemCode, visible } from '../errors.ts'

/** The user asked for something that makes no sense: exit code 2, as for an unknown option. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const debug = debuglog('pairduck')

/**
 * Runs what checks options of the user's and turns its TypeErrors and RangeErrors into a
 * {@link UsageError}: the same errors from anywhere else would be mistakes of ours.
 */
export function checkedUsage<T>(build: () => T): T {
  try {
    return build()
  } catch (error) {
    return asUsage(error)
  }
}

/** Throws an error on, a TypeError or RangeError as a {@link UsageError}. */
export function asUsage(error: unknown): never {
  if (error instanceof TypeError || error instanceof RangeError)
    throw new UsageError(error.message, { cause: error })
  throw error
}

/** What stderr says about an error, in one line; undefined when it was said or is none (--help). */
export function failureLine(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined
  debug('%o', error)
  if (error instanceof AggregateError) return failureLine(error.errors[0])
  if (!(error instanceof Error)) return oneLine(`unexpected: ${String(error)}`)
  const code = codeOf(error)
  if (code !== undefined)
    // The system's messages begin with their code already.
    return oneLine(
      error.message.startsWith(`${code}: `) ? error.message : `${code}: ${error.message}`,
    )
  if (error instanceof UsageError) return oneLine(error.message)
  return oneLine(
    `unexpected ${error.name}: ${error.message} (a mistake in pairduck; NODE_DEBUG=pairduck shows where)`,
  )
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || PairduckError.is(error, 'INVALID_PAIR')) return 2
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return 1
}

/** One line, whatever the message brought along: DuckDB's have several. */
export function oneLine(message: string): string {
  return `pairduck: ${visible(message.trim().replaceAll(/\s*\n\s*/g, ' '))}`
}

/** A code of ours, also for a file that the system refuses; the system's own for anything else. */
function codeOf(error: Error): string | undefined {
  if (PairduckError.is(error)) return error.code
  if ('path' in error) return systemCode(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
