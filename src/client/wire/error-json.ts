import { errorCodes, PairduckError, type ErrorCode } from '../../errors.ts'

/** An error as it travels: what the caller needs to get the same one on its side. */
export interface ErrorJson {
  readonly error: {
    /** One of ours, `INVALID_REQUEST`, or `INTERNAL` for a mistake of the server's. */
    readonly code: string
    /** Which error an `INVALID_REQUEST` is to a caller in JavaScript. */
    readonly type?: 'TypeError' | 'RangeError'
    readonly message: string
    readonly details?: Readonly<Record<string, unknown>>
  }
}

export function errorToJson(error: unknown): ErrorJson {
  if (error instanceof PairduckError) {
    const { code, message, details } = error
    return { error: { code, message, ...(isEmpty(details) ? {} : { details: plain(details) }) } }
  }
  if (error instanceof RangeError) return invalid('RangeError', error.message)
  if (error instanceof TypeError) return invalid('TypeError', error.message)
  // What we did not foresee may name files and values: it is for the server's own log.
  return { error: { code: 'INTERNAL', message: 'the server failed; its log says how' } }
}

/** The error that the other side threw. */
export function errorFromJson(json: unknown): Error {
  const { code, type, message, details } = (json as Partial<ErrorJson> | null)?.error ?? {}
  const text = message ?? 'an error without a message'
  if (type === 'RangeError') return new RangeError(text)
  if (code === 'INVALID_REQUEST') return new TypeError(text)
  if ((errorCodes as readonly (string | undefined)[]).includes(code))
    return new PairduckError(code as ErrorCode, text, { ...details })
  return new PairduckError('CONNECTION_LOST', `the server answered: ${text}`, { code })
}

function invalid(type: 'TypeError' | 'RangeError', message: string): ErrorJson {
  return { error: { code: 'INVALID_REQUEST', type, message } }
}

function isEmpty(details: object): boolean {
  return Object.keys(details).length === 0
}

/** Details that JSON can carry; the others are told as text. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'bigint' || value instanceof Error ? String(value) : value,
    ]),
  )
}
