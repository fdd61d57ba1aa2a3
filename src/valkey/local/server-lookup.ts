import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PairduckError } from '../../errors.ts'
import { withPlainClient } from './plain-client.ts'
import { configuredPort, serverFiles } from './server-config.ts'

/** The server that answers on the port at which a directory's own server was started last. */
export interface RunningServer {
  /** It runs with the directory's own valkey.conf. */
  readonly ours: boolean
  readonly port: number
  readonly pid: number
  readonly version: string
  readonly uptimeSeconds: number
  readonly loading: boolean
}

/**
 * Looks for the server of a directory; undefined when nobody answers as a Valkey would. Our own
 * process that is there but does not answer is `VALKEY_UNREACHABLE`: a second one beside it
 * would save over its data.
 */
export async function lookForServer(dir: string): Promise<RunningServer | undefined> {
  const port = await lastPort(dir)
  if (port === undefined) return undefined
  const info = await serverInfo(port)
  if (info === undefined) {
    const pid = Number(await readFile(join(dir, serverFiles.pid), 'utf8').catch(() => 'none'))
    if (Number.isInteger(pid) && (await commandOf(pid)).includes(`127.0.0.1:${port}`))
      throw new PairduckError(
        'VALKEY_UNREACHABLE',
        `the server of ${dir} (pid ${pid}) is there but does not answer on 127.0.0.1:${port}`,
        { pid, port },
      )
    return undefined
  }
  const config = await realpath(join(dir, serverFiles.config))
  return { ours: info('config_file') === config, port, ...described(info) }
}

/** The port at which the directory's server was started last; undefined when it never was. */
export async function lastPort(dir: string): Promise<number | undefined> {
  const config = await readFile(join(dir, serverFiles.config), 'utf8').catch(() => '')
  return configuredPort(config)
}

type InfoField = (name: string) => string

async function serverInfo(port: number): Promise<InfoField | undefined> {
  try {
    const text = await withPlainClient({ port }, async (send) => String(await send('INFO')), 3_000)
    return (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? ''
  } catch {
    return undefined
  }
}

function described(info: InfoField): Omit<RunningServer, 'ours' | 'port'> {
  return {
    pid: Number(info('process_id')),
    version: info('valkey_version') || info('redis_version'),
    uptimeSeconds: Number(info('uptime_in_seconds')),
    loading: info('loading') === '1',
  }
}

/** A server's process title names its address: `valkey-server 127.0.0.1:6379`. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  )
}
