import { PairduckError, type ErrorCode } from '../errors.ts'

/**
 * DuckDB's errors carry no code, so this is the one place that reads their messages. Each row has
 * a test that makes the real engine say it.
 */
const readings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/Could not set lock on file/, 'PAIR_LOCKED'],
  [/No space left on device|not enough disk space|database has been invalidated/i, 'DISK_FULL'],
  [/INTERRUPT Error/, 'ABORTED'],
  [/not a valid DuckDB database file/, 'PAIR_CORRUPT'],
  [/[Cc]hecksum/, 'PAIR_CORRUPT'],
  [/Corrupt/i, 'PAIR_CORRUPT'],
  [/WAL file|write-ahead log|replaying/i, 'PAIR_CORRUPT'],
  [
    /Serialization Error|Failed to load metadata pointer|Could not read enough bytes/,
    'PAIR_CORRUPT',
  ],
  [/was created with a newer version|newer version of DuckDB/, 'SCHEMA_NEWER'],
]

/** Turns what the engine threw into a PairduckError; `fallback` is for what no reading fits. */
export function fromDuckDb(error: unknown, subject: string, fallback: ErrorCode): PairduckError {
  if (error instanceof PairduckError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = readings.find(([pattern]) => pattern.test(message))?.[1] ?? fallback
  return new PairduckError(code, `${subject}: ${prose(code, message)}`, {
    cause: error,
    ...(code === 'PAIR_LOCKED' ? { pid: lockHolder(message) } : {}),
  })
}

/** Whether an error says that other transactions stood in the way of a CHECKPOINT. */
export function isCheckpointBlocked(error: unknown): boolean {
  return error instanceof Error && /Cannot CHECKPOINT/.test(error.message)
}

/** Whether the engine gave a database up; attached again it is whole. */
export function isInvalidated(error: unknown): boolean {
  return error instanceof Error && /database has been invalidated/.test(error.message)
}

function prose(code: ErrorCode, message: string): string {
  const firstLine = message.split('\n', 1)[0] ?? message
  if (code === 'PAIR_LOCKED') return `open in process ${lockHolder(message) ?? 'unknown'}`
  if (code === 'ABORTED') return 'interrupted'
  return firstLine
}

function lockHolder(message: string): number | undefined {
  const pid = /\(PID (\d+)\)/.exec(message)?.[1]
  return pid === undefined ? undefined : Number(pid)
}
