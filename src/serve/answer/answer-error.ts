import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorToJson } from '../../client/wire/error-json.ts'
import { PairduckError, type ErrorCode } from '../../errors.ts'

/** What HTTP calls what went wrong; a code that is not here is the server's own trouble. */
const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID_PAIR: 400,
  INVALID_TICK: 400,
  INVALID_CANDLE: 400,
  INVALID_ROW: 400,
  QUERY_FAILED: 400,
  WRITE_REFUSED: 403,
  UNAUTHORIZED: 401,
  REQUEST_REFUSED: 403,
  PAIR_NOT_FOUND: 404,
  PAIR_LOCKED: 409,
  SERVER_BUSY: 429,
  BACKPRESSURE: 503,
  POOL_EXHAUSTED: 503,
  CLOSED: 503,
  DEADLINE_EXCEEDED: 504,
  // Nobody hears of it: the client went away.
  ABORTED: 499,
  VALKEY_UNREACHABLE: 503,
  PACKAGE_MISSING: 501,
}

/** The status of an error. */
export function statusOf(error: unknown): number {
  if (error instanceof PairduckError) return statuses[error.code] ?? 500
  // Those of the HTTP layer are RangeErrors too, and know their status.
  const { statusCode } = (error ?? {}) as { readonly statusCode?: number }
  if (statusCode !== undefined) return statusCode
  return error instanceof TypeError || error instanceof RangeError ? 400 : 500
}

/** Answers with the error's code and message; what we did not foresee is told to the log alone. */
export function answerError(
  error: unknown,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const status = statusOf(error)
  if (status === 401) void reply.header('www-authenticate', 'Bearer')
  if (status === 429 || status === 503) void reply.header('retry-after', '1')
  // What was to be compressed is not sent.
  void reply.removeHeader('content-encoding')
  void reply.code(status).header('content-type', 'application/json; charset=utf-8')
  const { code, message } = (error ?? {}) as { readonly code?: string; readonly message?: string }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return reply.send({
      error: { code: 'INVALID_REQUEST', message: 'expected the content type application/json' },
    })
  // The HTTP layer's own: bodies that are too large or no JSON.
  if (code?.startsWith('FST_') === true && status < 500)
    return reply.send({ error: { code: 'INVALID_REQUEST', message } })
  return reply.send(errorToJson(error))
}
