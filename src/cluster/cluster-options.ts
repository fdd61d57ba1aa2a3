import { integer, required, resolveOptions, rule, type OptionRule } from '../options.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'

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
}

export interface ResolvedClusterOptions {
  readonly client: ValkeyClient
  readonly name: string
  readonly slots: number
  readonly maxEntries: number
}

const namePattern = /^[\w.-]{1,64}$/

/** The rules of {@link ClusterOptions}, for whoever adds more. */
export const clusterRules: {
  readonly client: OptionRule<ValkeyClient>
  readonly name: OptionRule<string>
  readonly slots: OptionRule<number>
  readonly maxEntries: OptionRule<number>
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
}

export function resolveClusterOptions(
  caller: string,
  options: ClusterOptions,
): ResolvedClusterOptions {
  return resolveOptions(caller, options, clusterRules)
}
