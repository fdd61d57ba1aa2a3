import { onPath } from './server-binary.ts'

/** A program of this machine that talks to a server, and how it is called for one. */
export interface ServerClient {
  readonly name: string
  readonly command: string
}

/** How the known programs are told where a server is; none of them takes `valkey:` URLs. */
const calls: readonly (readonly [name: string, call: (port: number) => string])[] = [
  ['valkey-cli', (port) => `valkey-cli -u redis://127.0.0.1:${port}`],
  ['iredis', (port) => `iredis --url redis://127.0.0.1:${port}`],
  ['redis-cli', (port) => `redis-cli -u redis://127.0.0.1:${port}`],
]

/** Those that are installed here. */
export async function installedClients(
  port: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServerClient[]> {
  const found: ServerClient[] = []
  for (const [name, call] of calls)
    if ((await onPath(name, env['PATH'] ?? '')) !== undefined)
      found.push({ name, command: call(port) })
  return found
}
