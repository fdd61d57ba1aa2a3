import type { ClusterOptions } from '../cluster/cluster-options.ts'
import { shown } from '../errors.ts'
import { integer, optional, required, resolveOptions, rule } from '../options.ts'

/** Where the store is: the address of `pairduck serve`, or the data directory that a process owns. */
export type ConnectTarget = string | URL | { readonly dataDir: string; readonly pid?: number }

/** A cluster of workers, by its Valkey server. */
export interface ClusterTarget {
  /** What its workers agree on: the connection, and name and slots if they are not the defaults. */
  readonly cluster: ClusterOptions
}

/** One of the places that `connect` knows, checked. */
export type ResolvedTarget =
  | { readonly url: URL }
  | { readonly dataDir: string; readonly pid: number | undefined }
  | ClusterTarget

const places =
  'the address of `pairduck serve` (`http://127.0.0.1:8080`), `{ dataDir }` of a process that owns it, or `{ cluster }`'
const directoryRules = {
  dataDir: required(
    rule<string>('a folder', (value) => typeof value === 'string' && value !== '', ''),
  ),
  pid: optional(integer(1, 2 ** 31, 1)),
}

/** TypeError for what is no place of a store, and names what is. */
export function resolveTarget(target: unknown): ResolvedTarget {
  if (typeof target === 'string' || target instanceof URL) return { url: addressOf(target) }
  if (typeof target !== 'object' || target === null || Object.keys(target).length === 0)
    throw new TypeError(`connect: expected ${places}, got ${shown(target)}`)
  if (!('cluster' in target)) return resolveOptions('connect', target, directoryRules)
  const { cluster, ...rest } = target
  resolveOptions('connect', rest, {})
  if (typeof cluster !== 'object' || cluster === null)
    throw new TypeError(
      `connect: expected \`cluster\` to be the options that its workers have, got ${shown(cluster)}`,
    )
  return { cluster: cluster as ClusterOptions }
}

function addressOf(target: string | URL): URL {
  const url = URL.canParse(String(target)) ? new URL(target) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new TypeError(
    `connect: expected an address that begins with http:// or https://, got ${shown(String(target))}; a data directory is given as \`{ dataDir }\``,
  )
}
