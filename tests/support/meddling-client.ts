import { connectValkey } from '../../src/valkey/connect.ts'
import type { ValkeyClient } from '../../src/valkey/valkey-client.ts'
import { applyScript } from '../../src/mirror/write/apply-script.ts'

/** A real connection over which something else happens to the server right before each unit. */
export interface MeddlingClient extends ValkeyClient {
  /** How many units were sent. */
  readonly units: number
}

/** `meddle` is told which unit comes, counted from 1, and may send commands of its own. */
export async function meddlingClient(
  url: string,
  meddle: (unit: number, client: ValkeyClient) => Promise<unknown>,
): Promise<MeddlingClient> {
  const client = await connectValkey({ url })
  let units = 0
  return {
    get units() {
      return units
    },
    command: (args) => client.command(args),
    script: async (script, keys, args) => {
      if (script === applyScript) await meddle((units += 1), client)
      return await client.script(script, keys, args)
    },
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    onReconnect: (listener) => client.onReconnect(listener),
    close: () => client.close(),
  }
}
