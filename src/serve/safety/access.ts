import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { PairduckError } from '../../errors.ts'
import { isLoopback, type ResolvedServeOptions } from '../options/serve-options.ts'

/** What a caller may do. `owner` is who sits at the machine: also what names files of it. */
export type Right = 'read' | 'write' | 'owner'

/** Decides what a request may do; throws `UNAUTHORIZED` or `REQUEST_REFUSED`. */
export type Access = (request: FastifyRequest, right: Right) => void

/** The local socket: its rights in the file system are the check. */
export const localAccess: Access = () => undefined

/** Over HTTP: a name that it may be called by, and a token where one is set. */
export function httpAccess(options: ResolvedServeOptions): Access {
  const { token, writerToken } = options
  return (request, right) => {
    refuseForeignHost(request, options)
    if (right === 'owner')
      throw new PairduckError(
        'REQUEST_REFUSED',
        'this names files of the machine: it is answered on the local socket alone (`connect({ dataDir })`)',
      )
    const given = bearer(request)
    if (given !== undefined && writerToken !== undefined && same(given, writerToken)) return
    const reads = given !== undefined && token !== undefined && same(given, token)
    if (right === 'write')
      throw reads
        ? new PairduckError('REQUEST_REFUSED', 'this token only reads')
        : new PairduckError(
            'UNAUTHORIZED',
            writerToken === undefined
              ? 'this server takes no writes: it has no `writerToken`'
              : 'the writer token is missing or wrong',
          )
    if (reads || (token === undefined && writerToken === undefined)) return
    throw new PairduckError('UNAUTHORIZED', 'the token is missing or wrong')
  }
}

/**
 * A page of any site can make a browser call this machine under a name that its own DNS points
 * here (rebinding); the name stands in `Host`, so only known ones are answered.
 */
function refuseForeignHost(request: FastifyRequest, options: ResolvedServeOptions): void {
  const name = hostName(request.headers.host ?? '')
  if (isLoopback(name) || name === options.host || options.allowedHosts.includes(name)) return
  // Who listens on other addresses is called by names that only its token can vouch for.
  if (!isLoopback(options.host)) return
  throw new PairduckError(
    'REQUEST_REFUSED',
    'this server is not called by that name (`allowedHosts`)',
    {
      host: name.slice(0, 100),
    },
  )
}

function hostName(header: string): string {
  return header
    .replace(/:\d*$/, '')
    .replaceAll(/^\[|\]$/g, '')
    .toLowerCase()
}

function bearer({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
}

/** Takes the same time wherever the first difference is; digests have one length. */
function same(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
