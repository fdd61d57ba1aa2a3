import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { varyBy } from '../safety/vary.ts'

/** Whether a client likes an answer compressed by gzip at least as well as the plain one. */
export function likesGzip({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  varyBy(reply, 'Accept-Encoding')
  return new Negotiator({ headers }).encoding(['gzip', 'identity']) === 'gzip'
}

/** Which of these types of content a client likes best; what it names more closely, where it likes several. */
export function likedType(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  types: readonly string[],
): string | undefined {
  varyBy(reply, 'Accept')
  return new Negotiator({ headers }).mediaType([...types])
}

/** Whether the client has what a tag names already. What is posted is always answered. */
export function isKnown({ method, headers }: FastifyRequest, etag: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const tags = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim())
  // A proxy that compresses an answer makes its tag a weak one.
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}
