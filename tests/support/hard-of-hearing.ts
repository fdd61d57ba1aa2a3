import { connectValkey } from '../../src/valkey/connect.ts'
import type { ValkeyClient } from '../../src/valkey/valkey-client.ts'

/** A real connection that hears nothing of what is published. */
export async function deafClient(url: string): Promise<ValkeyClient> {
  return withEar(await connectValkey({ url }), () => () => undefined)
}

/** One that hears late: what came before its writer's own words is delivered with them. */
export async function lateClient(url: string): Promise<ValkeyClient> {
  return withEar(await connectValkey({ url }), (listener) => {
    const held: string[] = []
    return (message) => {
      held.push(message)
      if (message.startsWith('heard:')) for (const each of held.splice(0)) listener(each)
    }
  })
}

type Listener = (message: string) => void

function withEar(client: ValkeyClient, ear: (listener: Listener) => Listener): ValkeyClient {
  return {
    command: (args) => client.command(args),
    script: (script, keys, args) => client.script(script, keys, args),
    subscribe: (channel, listener) => client.subscribe(channel, ear(listener)),
    onReconnect: (listener) => client.onReconnect(listener),
    close: () => client.close(),
  }
}
