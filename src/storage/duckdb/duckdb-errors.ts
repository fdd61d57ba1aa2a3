import { PairduckError, systemCode, type ErrorCode } from '../../errors.ts'
import { isTimeframe, type Timeframe } from '../../time.ts'

/**
 * DuckDB's errors carry no code, so this is the one place that reads their messages. Each row has
 * a test that makes the real engine say it. The first that fits counts.
 */
const readings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/Could not set lock on file/, 'PAIR_LOCKED'],
  [/No space left on device|Disk quota exceeded|File too large/, 'DISK_FULL'],
  [/fsync failed/, 'IO_FAILED'],
  [/INTERRUPT Error/, 'ABORTED'],
  [/Out of Memory Error/, 'QUERY_FAILED'],
  [
    /Permission denied|Operation not permitted|Read-only file system|Too many open files|Input\/output error|Is a directory|Not a directory|No such file or directory/,
    'IO_FAILED',
  ],
  [/not a valid DuckDB database file/, 'PAIR_CORRUPT'],
  [/[Cc]hecksum/, 'PAIR_CORRUPT'],
  [/Could not read enough bytes/, 'PAIR_CORRUPT'],
  [/WAL file/, 'PAIR_CORRUPT'],
  // By its first cause, where that is told; this is what is left.
  [/has been invalidated/, 'IO_FAILED'],
]

/** Turns what the engine or the file system threw into a PairduckError; `fallback` is for what no reading fits. */
export function fromDuckDb(error: unknown, subject: string, fallback: ErrorCode): PairduckError {
  if (error instanceof PairduckError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code =
    systemCode(error) ?? readings.find(([pattern]) => pattern.test(message))?.[1] ?? fallback
  return new PairduckError(code, `${subject}: ${prose(code, message)}`, {
    cause: error,
    ...(code === 'PAIR_LOCKED' ? { pid: lockHolder(message) } : {}),
  })
}

/**
 * The same error when it is ours or a caller's mistake (TypeError, RangeError), else what the
 * engine or the system said, with a code: nothing raw reaches a caller.
 */
export function withCode(error: unknown, subject: string): unknown {
  const isForeign = systemCode(error) !== undefined || /^[A-Z][\w ]* Error: /.test(messages(error))
  return isForeign ? fromDuckDb(error, subject, 'QUERY_FAILED') : error
}

/**
 * Whether an error is about what is read, and not about a disk that takes no more or a file that the
 * system refuses: those say nothing about what is stored.
 */
export function isDamage(error: unknown): boolean {
  if (/fsync failed|Could not write/.test(messages(error))) return false
  if (/Could not read from file/.test(messages(error))) return true
  return fromDuckDb(error, '', 'PAIR_CORRUPT').code === 'PAIR_CORRUPT'
}

/** What a query of a pair threw, as a PairduckError: in our words where it is a caller's mistake. */
export function fromQuery(
  error: unknown,
  given: {
    readonly subject: string
    readonly builder: string
    readonly candles: readonly Timeframe[]
  },
): PairduckError {
  const { subject, candles } = given
  return (
    candlesNotKept(error, subject, candles) ??
    binsTooNarrow(error, given) ??
    fromDuckDb(error, subject, 'QUERY_FAILED')
  )
}

/** An error about candles that a file does not keep, when that is what a statement stumbled on. */
function candlesNotKept(
  error: unknown,
  subject: string,
  kept: readonly Timeframe[],
): PairduckError | undefined {
  const message = error instanceof Error ? error.message : ''
  const timeframe = /Table with name candles_(\w+) does not exist/.exec(message)?.[1]
  if (!isTimeframe(timeframe) || kept.includes(timeframe)) return undefined
  return new PairduckError(
    'QUERY_FAILED',
    `${subject}: the file does not keep candles of ${timeframe}, only of ${kept.join(' ')}; \`source: 'ticks'\` folds bars from its ticks`,
    { cause: error, timeframe, keptCandles: kept },
  )
}

/** An error about a bin's number, when that is what a builder's statement stumbled on. */
function binsTooNarrow(
  error: unknown,
  { subject, builder }: { subject: string; builder: string },
): PairduckError | undefined {
  const message = error instanceof Error ? error.message : ''
  const beyond = /Type DOUBLE with value (\S+) can't be cast .* destination type INT64/.exec(
    message,
  )
  if (beyond === null || !/^(?:calculate|detect)\w+Query$/.test(builder)) return undefined
  return new PairduckError(
    'QUERY_FAILED',
    `${subject}: \`binSize\` is too small for these prices: they would be in bin ${beyond[1]}, and bins are counted to 9.2e18`,
    { cause: error },
  )
}

/** Whether an error says that other transactions stood in the way of a CHECKPOINT. */
export function isCheckpointBlocked(error: unknown): boolean {
  return error instanceof Error && /Cannot CHECKPOINT/.test(error.message)
}

/** Whether the engine gave a database up; attached again it is whole. */
export function isInvalidated(error: unknown): boolean {
  return /has been invalidated|FATAL Error/.test(messages(error))
}

/** Whether an error may have ended the engine's whole instance. */
export function mayEndEngine(error: unknown): boolean {
  return /has been invalidated|FATAL Error|INTERNAL Error/.test(messages(error))
}

/** Whether a statement was refused because the instance was dead before it began. */
export function isEngineLost(error: unknown): boolean {
  return /has been invalidated because of a previous fatal error/.test(messages(error))
}

/** An error's own words and its cause's. */
function messages(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message
}

function prose(code: ErrorCode, message: string): string {
  // Behind it the engine quotes the statement and points into it, which one line cannot.
  const told = message
    .replace(/\nLINE \d+:[^]*$/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
  if (code === 'PAIR_LOCKED') return `open in process ${lockHolder(message) ?? 'unknown'}`
  if (code === 'ABORTED') return 'interrupted'
  // The engine says at length what became of the database, and the cause last.
  const cause = /Original error: "?([^"\n]+)/.exec(message)?.[1]
  if (cause !== undefined) return cause.trim()
  return told
}

function lockHolder(message: string): number | undefined {
  const pid = /\(PID (\d+)\)/.exec(message)?.[1]
  return pid === undefined ? undefined : Number(pid)
}
