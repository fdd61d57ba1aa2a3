import { InvalidArgumentError, type Command } from 'commander'
import { connectValkey } from '../../valkey/connect.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import { withCommonOptions, type CommonOptions } from '../command.ts'
import { connectionOf, reachable } from '../mirror/connection.ts'

export interface ClusterCommandOptions extends CommonOptions {
  readonly url?: string
  readonly ca?: string
  readonly cluster: string
  readonly slots: number
}

/** `--url`, `--ca`, `--cluster` and `--slots`, for every command that has to do with a cluster. */
export function withClusterOptions(command: Command): Command {
  return withCommonOptions(command)
    .option('--url <url>', 'the server (default: VALKEY_URL, VALKEY_HOST …, else the local one)')
    .option('--ca <file>', 'the authority that signed the server’s certificate (PEM)')
    .option('--cluster <name>', 'tells clusters on one server apart', 'main')
    .option('--slots <count>', 'how many leases the pairs are spread over', slotsArgument, 1_024)
}

/** Runs `work` with a connection to the server that the options name. */
export async function withClient<T>(
  { url, ca, dataDir, json }: ClusterCommandOptions,
  work: (client: ValkeyClient) => Promise<T>,
): Promise<T> {
  const place = { dataDir, json, keyPrefix: '', ...(url && { url }), ...(ca && { ca }) }
  const { keyPrefix: _, ...connection } = await connectionOf(place)
  const client = await reachable(() => connectValkey(connection))
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

function slotsArgument(text: string): number {
  const slots = Number(text)
  if (!Number.isInteger(slots) || slots < 1 || slots > 65_536)
    throw new InvalidArgumentError('Expected a whole number from 1 to 65536.')
  return slots
}
