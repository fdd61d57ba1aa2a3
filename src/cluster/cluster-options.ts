import { integer, required, resolveOptions, rule, type OptionRule } from '../options.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'
import { clusterKeys } from './cluster-keys.ts'
import type { IngestLog } from './ingest-log.ts'
import { ValkeyLog } from './valkey-log.ts'

/** What every part of a cluster has to agree on. */
export interface ClusterOptions {
  /** The connection; make one with `connectValkey`. It stays the caller's to close. */
  readonly client: ValkeyClient
  /** Tells clusters on one server apart. Default `main`. */
  readonly name?: string
  /** How many leases the pairs are spread over. Default 1,024; never change it in a running cluster. */
  readonly slots?: number
  /** Entries of one slot's log that may wait to be stored, then `BACKPRESSURE`. Default 100,000. */
  readonly maxEntries?: number
  /** Where calls wait for their worker. Default: streams of the same Valkey server. */
  readonly log?: IngestLog
}

export interface ResolvedClusterOptions {
  readonly client: ValkeyClient
  readonly name: string
  readonly slots: number
  readonly maxEntries: number
  readonly log: IngestLog | undefined
}

const namePattern = /^[\w.-]{1,64}$/

/** The rules of {@link ClusterOptions}, for whoever adds more. */
export const clusterRules: {
  readonly client: OptionRule<ValkeyClient>
  readonly name: OptionRule<string>
  readonly slots: OptionRule<number>
  readonly maxEntries: OptionRule<number>
  readonly log: OptionRule<IngestLog | undefined>
} = {
  client: required(
    rule<ValkeyClient>(
      'a client, from `connectValkey`',
      (value) => typeof (value as Partial<ValkeyClient> | null)?.script === 'function',
      undefined as never,
    ),
  ),
  name: rule<string>(
    'a name of 1 to 64 letters, digits, dots, dashes and underscores',
    (value) => typeof value === 'string' && namePattern.test(value),
    'main',
  ),
  slots: integer(1, 65_536, 1_024),
  maxEntries: integer(1, 1e9, 100_000),
  log: rule<IngestLog | undefined>(
    'a log, such as `jetStreamLog` gives',
    (value) => typeof (value as Partial<IngestLog> | null)?.append === 'function',
    undefined,
  ),
}

export function resolveClusterOptions(
  caller: string,
  options: ClusterOptions,
): ResolvedClusterOptions {
  return resolveOptions(caller, options, clusterRules)
}

/** The log that the options name. */
export function logOf({ client, name, maxEntries, log }: ResolvedClusterOptions): IngestLog {
  return log ?? new ValkeyLog(client, clusterKeys(name), maxEntries)
}
