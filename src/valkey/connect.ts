import { resolveConnection } from './connection-options.ts'
import type { ValkeyConnectionOptions } from './connection-options.ts'
import { connectGlide } from './glide-client.ts'
import { connectRedis } from './redis-client.ts'
import type { ValkeyClient } from './valkey-client.ts'

/**
 * Connects to a Valkey (or Redis) server. Rejects with `VALKEY_UNREACHABLE` or `VALKEY_AUTH`
 * when the first connection fails; later ones are made anew by themselves.
 */
export async function connectValkey(options: ValkeyConnectionOptions = {}): Promise<ValkeyClient> {
  const connection = resolveConnection('connectValkey', options)
  return connection.adapter === 'glide'
    ? await connectGlide(connection)
    : await connectRedis(connection)
}
