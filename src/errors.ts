/** Every code that a {@link PairduckError} can carry. docs/errors.md has a paragraph for each. */
export const errorCodes = [
  'INVALID_PAIR',
  'INVALID_TICK',
  'INVALID_CANDLE',
  'INVALID_ROW',
  'PAIR_NOT_FOUND',
  'PAIR_LOCKED',
  'PAIR_CORRUPT',
  'LOG_CORRUPT',
  'POOL_EXHAUSTED',
  'BACKPRESSURE',
  'DISK_FULL',
  'IO_FAILED',
  'SCHEMA_NEWER',
  'DIRECTORY_IN_USE',
  'QUERY_FAILED',
  'WRITE_REFUSED',
  'ID_SPACE',
  'IMPORT_FAILED',
  'ARCHIVE_INCOMPLETE',
  'ABORTED',
  'DEADLINE_EXCEEDED',
  'CLOSED',
  'CONNECTION_LOST',
  'UNAUTHORIZED',
  'REQUEST_REFUSED',
  'SERVER_BUSY',
  'PACKAGE_MISSING',
  'VALKEY_UNREACHABLE',
  'VALKEY_AUTH',
  'VALKEY_WRONG_TYPE',
  'VALKEY_REFUSED',
  'VALKEY_NOT_FOUND',
  'VALKEY_START_FAILED',
  'VALKEY_NOT_OURS',
  'INVALID_BACKUP',
  'EXCHANGE_FAILED',
  'EXCHANGE_INCOMPLETE',
  'FENCED',
  'INVALID_ORDER',
  'INVALID_EVENT',
] as const

/** A code of {@link PairduckError}. */
export type ErrorCode = (typeof errorCodes)[number]

/**
 * The one error class of pairduck. `code` is the contract and stays; `message` is prose for a
 * person and may change; `details` names the value and the place; `cause` is the evidence.
 */
export class PairduckError extends Error {
  /** Always `PairduckError`. */
  override readonly name = 'PairduckError'
  /** The stable code; docs/errors.md explains each. */
  readonly code: ErrorCode
  /** Values that the message names, such as the pair or the file. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    { cause, ...details }: { cause?: unknown; [detail: string]: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }

  /** True for a PairduckError, of the given code when one is given. */
  static is(error: unknown, code?: ErrorCode): error is PairduckError {
    return error instanceof PairduckError && (code === undefined || error.code === code)
  }
}

/** What the code of a system error means; any that is not named here is `IO_FAILED`. */
const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EFBIG: 'DISK_FULL',
}

/** The code for what the operating system said to Node itself; undefined for any other error. */
export function systemCode(error: unknown): ErrorCode | undefined {
  const { code, syscall } = (error ?? {}) as { code?: string; syscall?: string }
  if (typeof code !== 'string' || typeof syscall !== 'string') return undefined
  return systemCodes[code] ?? 'IO_FAILED'
}

/** What the operating system refused, with a code and what it is about; any other error as it is. */
export function withSystemCode(error: unknown, subject: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  return new PairduckError(code, `${subject}: ${(error as Error).message}`, { cause: error })
}

/**
 * Text from outside as a terminal may show it: control characters, those that turn the direction
 * of writing, and lone surrogates stand as `\\x1b` or `\\u202e`.
 */
export function visible(text: string): string {
  return text.replaceAll(unprintable, (sign) => {
    const code = sign.charCodeAt(0)
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

const unprintable = /[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029]/gu

/** A value as a reader should see it in a message: short, with its type. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? visible(JSON.stringify(value))
      : typeof value === 'bigint'
        ? `${value}n`
        : typeof value === 'object' && value !== null
          ? Object.prototype.toString.call(value)
          : String(value)
  return `\`${text.length > 80 ? `${text.slice(0, 77)}…` : text}\` (${value === null ? 'null' : typeof value})`
}
