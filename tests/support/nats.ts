import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { temporaryFolder } from './store.ts'
import { freePort } from './valkey.ts'

/** Where Debian puts the server; it is not on everybody's PATH. */
const extraFolders = ['/usr/sbin', '/usr/local/sbin']

/** The path of a real nats-server; undefined where there is none. */
export async function findNatsServer(): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...extraFolders]
  for (const folder of folders) {
    const file = join(folder, 'nats-server')
    const isThere = await access(file).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}

/** A connection to a server of the test's own on 127.0.0.1, with JetStream; both end with the test. */
export async function startNats(binary: string): Promise<NatsConnection> {
  const port = await freePort()
  const store = temporaryFolder()
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store]
  const child = spawn(binary, args, { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  for (let attempt = 0; ; attempt++) {
    try {
      const connection = await connect({ servers: `127.0.0.1:${port}`, reconnect: false })
      onTestFinished(() => connection.close())
      return connection
    } catch (error) {
      if (attempt === 100) throw error
      await setTimeout(50)
    }
  }
}
