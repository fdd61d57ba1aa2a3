import { createClient } from '@redis/client'
import { freePort, startValkey, type TestServer } from './valkey.ts'

/** A cluster of three primaries that share the 16,384 slots, without replicas. */
export interface TestCluster extends AsyncDisposable {
  readonly nodes: readonly TestServer[]
  stop(): Promise<void>
}

const slotRanges = [
  [0, 5460],
  [5461, 10922],
  [10923, 16383],
] as const

/** Starts three nodes, joins them, and resolves when each says that the cluster is up. */
export async function startCluster(): Promise<TestCluster> {
  const nodes = await Promise.all(slotRanges.map(() => startNode()))
  const clients = nodes.map(({ url }) => createClient({ url: url.replace('valkey:', 'redis:') }))
  for (const client of clients) client.on('error', () => undefined)
  await Promise.all(clients.map((client) => client.connect()))
  try {
    for (const [index, [from, to]] of slotRanges.entries()) {
      const client = clients[index]!
      await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(from), String(to)])
      await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)])
    }
    const meet = (node: TestServer) =>
      clients[0]!.sendCommand(['CLUSTER', 'MEET', node.host, String(node.port), busPort(node)])
    await Promise.all(nodes.slice(1).map(meet))
    await Promise.all(clients.map((client) => untilUp(client)))
  } finally {
    for (const client of clients) client.destroy()
  }
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  return { nodes, stop, [Symbol.asyncDispose]: stop }
}

const busPorts = new WeakMap<TestServer, string>()

async function startNode(): Promise<TestServer> {
  // The default bus port, 10,000 above, is over 65,535 for most free ports.
  const bus = String(await freePort())
  const args = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '2000']
  const node = await startValkey({ args })
  busPorts.set(node, bus)
  return node
}

function busPort(node: TestServer): string {
  return busPorts.get(node) ?? ''
}

async function untilUp(client: { sendCommand(args: string[]): Promise<unknown> }): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const info = String(await client.sendCommand(['CLUSTER', 'INFO']))
    if (/cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info)) return
    if (Date.now() > deadline) throw new Error(`the cluster does not form:\n${info}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
