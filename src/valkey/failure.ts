import { PairduckError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

/** Beginnings of server errors, and what they mean for the caller. */
const replyCodes: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /\b(?:WRONGPASS|NOAUTH|NOPERM|DENIED)\b|PermissionDenied|ACL failure in script|invalid password/,
    'VALKEY_AUTH',
  ],
  [/^(?:ERR )?(?:WRONGTYPE)/, 'VALKEY_WRONG_TYPE'],
  [
    /^-?(?:LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|UNKILLABLE|NOREPLICAS|MOVED|ASK)\b/,
    'VALKEY_UNREACHABLE',
  ],
  [
    /^(?:ERR|OOM|MISCONF|NOSCRIPT|EXECABORT|CROSSSLOT|ResponseError|NoScriptError)\b/,
    'VALKEY_REFUSED',
  ],
]

/**
 * What a client's rejection means: the server's own words tell, and whatever is not an answer of
 * the server is a lost or missing connection.
 */
export function clientFailure(error: unknown, server: string): PairduckError {
  if (error instanceof PairduckError) return error
  const message = error instanceof Error ? error.message : String(error)
  // GLIDE puts `An error was signalled by the server: - ` before what it was told.
  const said = message.replace(/^An error was signalled by the server: ?-? ?/, '')
  const code = replyCodes.find(([pattern]) => pattern.test(said))?.[1] ?? 'VALKEY_UNREACHABLE'
  const permission = /no permissions to run the '([\w|-]+)' command/.exec(said)?.[1]
  const lacking = permission === undefined ? {} : { permission: `+${permission}` }
  const advice = permission === undefined ? '' : ` – give the user +${permission}`
  return new PairduckError(code, `${server}: ${message || 'no connection'}${advice}`, {
    cause: error,
    server,
    ...lacking,
  })
}

/** What a call gets that comes after `close`, or was under way then. */
export function closedFailure(server: string): PairduckError {
  return new PairduckError('CLOSED', `${server}: this connection is closed: open another`, {
    server,
  })
}
