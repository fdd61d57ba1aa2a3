import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { PairduckError } from '../../errors.ts'
import { defaultCacheDir } from './cache-dir.ts'
import { compareVersions, isOfVersion } from './server-version.ts'
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
  /** `8`, `8.0` or `8.0.1`: the newest of these that is found. Default: the first one found. */
  readonly version?: string
  readonly env?: NodeJS.ProcessEnv
  /** Told what takes time, one line each. */
  readonly onProgress?: (line: string) => void
}

/**
 * Finds a real valkey-server: the one that `VALKEY_SERVER` names, else `valkey-server` on PATH,
 * else, on Debian and Ubuntu, the distribution's own packages unpacked into a cache folder (no
 * root rights, nothing of the system is changed). With a `version`, the newest of
 * that version in any of these places. Throws `VALKEY_NOT_FOUND` with what to install.
 */
export async function findServerBinary(options: FindServerOptions = {}): Promise<ServerBinary> {
  const env = options.env ?? process.env
  if (process.platform === 'win32')
    throw new PairduckError(
      'VALKEY_NOT_FOUND',
      'there is no official valkey-server for Windows: run one in WSL or on another machine and name it in VALKEY_URL; the mirror itself works here',
    )
  if (options.version !== undefined) return await newestOfVersion(options.version, env, options)
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

/** `valkey-server`, and `valkey-server-8` and the like beside it, on PATH and where we keep ours. */
async function newestOfVersion(
  wanted: string,
  env: NodeJS.ProcessEnv,
  { cacheDir, onProgress = () => undefined }: FindServerOptions,
): Promise<ServerBinary> {
  const found: ServerBinary[] = []
  const look = async (path: string, foundBy: ServerBinary['foundBy']): Promise<void> => {
    const version = await readServerVersion(path).catch(() => undefined)
    if (version !== undefined) found.push({ path, version, foundBy })
  }
  if (env['VALKEY_SERVER']) await look(env['VALKEY_SERVER'], 'VALKEY_SERVER')
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== ''))
    for (const name of await readdir(folder).catch(() => []))
      if (/^valkey-server(?:-?\d[\d.]*)?$/.test(name)) await look(join(folder, name), 'PATH')
  const match = (): ServerBinary | undefined =>
    found
      .filter(({ version }) => isOfVersion(version, wanted))
      .sort((a, b) => compareVersions(b.version, a.version))[0]
  if (match() === undefined)
    await look(await unpackDebianServer(cacheDir ?? defaultCacheDir(env), onProgress), 'unpacked')
  const newest = match()
  if (newest !== undefined) return newest
  const others = found.map(({ version, path }) => `${version} (${path})`).join(', ') || 'none'
  throw new PairduckError(
    'VALKEY_NOT_FOUND',
    `no valkey-server of version ${wanted} was found; there is ${others}. Install it, or name it in VALKEY_SERVER`,
    { wanted },
  )
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

/** The first program of that name on a PATH. */
export async function onPath(name: string, path: string): Promise<string | undefined> {
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
