import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { PairduckError } from '../../errors.ts'
import { defaultCacheDir } from './cache-dir.ts'
import { unpackDebianServer } from './debian-server.ts'

/** A valkey-server that runs on this machine. */
export interface ServerBinary {
  /** Its path; starts as it stands, libraries included. */
  readonly path: string
  /** Such as `8.0.1`. */
  readonly version: string
  readonly foundBy: 'VALKEY_SERVER' | 'PATH' | 'unpacked'
}

export interface FindServerOptions {
  /** Where an unpacked server is kept; default: a folder of pairduck's own. */
  readonly cacheDir?: string
  readonly env?: NodeJS.ProcessEnv
  /** Told what takes time, one line each. */
  readonly onProgress?: (line: string) => void
}

/**
 * Finds a real valkey-server: the one that `VALKEY_SERVER` names, else `valkey-server` on PATH,
 * else, on Debian and Ubuntu, the distribution's own packages unpacked into a cache folder (no
 * root rights, nothing of the system is changed). Throws `VALKEY_NOT_FOUND` with what to install.
 */
export async function findServerBinary(options: FindServerOptions = {}): Promise<ServerBinary> {
  const env = options.env ?? process.env
  if (process.platform === 'win32')
    throw new PairduckError(
      'VALKEY_NOT_FOUND',
      'there is no official valkey-server for Windows: run one in WSL or on another machine and name it in VALKEY_URL; the mirror itself works here',
    )
  const named = env['VALKEY_SERVER']
  if (named !== undefined && named !== '')
    return { path: named, version: await readServerVersion(named), foundBy: 'VALKEY_SERVER' }
  const installed = await onPath('valkey-server', env['PATH'] ?? '')
  if (installed !== undefined)
    return { path: installed, version: await readServerVersion(installed), foundBy: 'PATH' }
  const path = await unpackDebianServer(
    options.cacheDir ?? defaultCacheDir(env),
    options.onProgress ?? (() => undefined),
  )
  return { path, version: await readServerVersion(path), foundBy: 'unpacked' }
}

/** The version in what `valkey-server --version` prints, such as `Valkey server v=8.0.1 sha=…`. */
export function parseServerVersion(text: string): string | undefined {
  return /v=(\d+\.\d+\.\d+)/.exec(text)?.[1]
}

async function readServerVersion(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'])
    const version = parseServerVersion(stdout)
    if (version !== undefined) return version
    throw new Error(`it printed ${JSON.stringify(stdout.slice(0, 200))}`)
  } catch (error) {
    throw new PairduckError('VALKEY_NOT_FOUND', `${path} does not run as a valkey-server`, {
      cause: error,
      path,
    })
  }
}

async function onPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((entry) => entry !== '')) {
    const file = join(folder, name)
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return file
  }
  return undefined
}
