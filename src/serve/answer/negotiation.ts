import type { FastifyReply, FastifyRequest } from 'fastify'
import { varyBy } from '../safety/vary.ts'

/** Whether a client likes an answer compressed by gzip at least as well as the plain one. */
export function likesGzip({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  varyBy(reply, 'Accept-Encoding')
  const listed = weighted(headers['accept-encoding'])
  const weightOf = (...names: string[]): number | undefined =>
    names.map((name) => listed.find((each) => each.name === name)).find(Boolean)?.weight
  const gzip = weightOf('gzip', 'x-gzip', '*') ?? 0
  return gzip > 0 && gzip >= (weightOf('identity') ?? 0)
}

/**
 * Which of these types of content a client likes best: by its weight, then as `text/csv` rather than
 * as one of `text/*`, then by its place in the header.
 */
export function likedType(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  types: readonly string[],
): string | undefined {
  varyBy(reply, 'Accept')
  const listed = weighted(headers.accept)
  const liked = types.flatMap((type) => {
    const name = type.split(';')[0]!
    const ranges = [name, name.replace(/\/.*/, '/*'), '*/*']
    const places = ranges.map((range) => listed.findIndex((each) => each.name === range))
    const breadth = places.findIndex((place) => place >= 0)
    if (breadth === -1) return []
    const place = places[breadth]!
    return [{ type, breadth, place, weight: listed[place]!.weight }]
  })
  return liked
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight || a.breadth - b.breadth || a.place - b.place)[0]?.type
}

/** Whether the client has what a tag names already. What is posted is always answered. */
export function isKnown({ method, headers }: FastifyRequest, etag: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const tags = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim())
  // A proxy that compresses an answer makes its tag a weak one.
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/** What a header lists, with how well it is liked: from 0, which is not at all, to 1. */
function weighted(header: string | undefined): { name: string; weight: number }[] {
  return (header ?? '').split(',').map((part) => {
    const [name, ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const weight = parameters.find((each) => each.startsWith('q='))?.slice(2)
    return { name: name!, weight: weight === undefined ? 1 : Number(weight) }
  })
}
