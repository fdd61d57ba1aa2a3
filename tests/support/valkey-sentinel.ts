import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { startValkey, type TestServer } from './valkey.ts'

/** One primary, one replica that follows it, and three sentinels that watch both. */
export interface SentinelSet extends AsyncDisposable {
  /** The name under which the sentinels know the primary. */
  readonly name: 'pairduck'
  readonly primary: TestServer
  readonly replica: TestServer
  readonly sentinels: readonly TestServer[]
  /** Where a client begins: the sentinels' hosts and ports. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  stop(): Promise<void>
}

/**
 * Starts the set; the replica is in step and each sentinel knows the others when it resolves.
 * The primary counts as down after a second; kill it to see a failover.
 */
export async function startSentinelSet(): Promise<SentinelSet> {
  const primary = await startValkey({ args: replication })
  const replica = await startValkey({
    args: [...replication, '--replicaof', '127.0.0.1', String(primary.port)],
  })
  await until(replica, ['INFO', 'replication'], (text) => text.includes('master_link_status:up'))
  const configDir = await mkdtemp(join(tmpdir(), 'pairduck-sentinel-'))
  const sentinels = await Promise.all(
    [0, 1, 2].map((index) => startSentinel(configDir, index, primary.port)),
  )
  for (const sentinel of sentinels)
    await until(
      sentinel,
      ['SENTINEL', 'MASTER', name],
      (text) => text.includes('"num-slaves","1"') && text.includes('"num-other-sentinels","2"'),
    )
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, replica, primary].map((server) => server.stop()))
    await rm(configDir, { recursive: true, force: true })
  }
  const nodes = sentinels.map(({ host, port }) => ({ host, port }))
  return { name, primary, replica, sentinels, nodes, stop, [Symbol.asyncDispose]: stop }
}

const name = 'pairduck'
const replication = ['--repl-diskless-sync-delay', '0']

async function startSentinel(dir: string, index: number, primary: number): Promise<TestServer> {
  const config = join(dir, `sentinel-${index}.conf`)
  await writeFile(
    config,
    [
      `sentinel monitor ${name} 127.0.0.1 ${primary} 2`,
      `sentinel down-after-milliseconds ${name} 1000`,
      `sentinel failover-timeout ${name} 5000`,
      `sentinel parallel-syncs ${name} 1`,
      '',
    ].join('\n'),
  )
  return startValkey({ configFile: config, args: ['--sentinel'] })
}

/** Asks again and again until the answer, flattened to text, fits. */
async function until(
  server: TestServer,
  command: string[],
  fits: (answer: string) => boolean,
): Promise<void> {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 2 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const deadline = Date.now() + 20_000
    for (;;) {
      const answer = JSON.stringify(await client.sendCommand(command))
      if (fits(answer)) return
      if (Date.now() > deadline)
        throw new Error(`${command.join(' ')} still says ${answer}\n${server.log()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    client.destroy()
  }
}
