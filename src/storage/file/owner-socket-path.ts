import { createHash } from 'node:crypto'
import { readdir, realpath } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

/** What a path of a socket may have on Linux and macOS, with its ending zero. */
const maxSocketPathBytes = 100

/**
 * Where the owner of a data directory listens: a socket in its `.pairduck` folder, in a folder of
 * the user's own under the temporary one when that path is too long for a socket, a named pipe on
 * Windows. Processes that share a directory have one each.
 */
export async function ownerSocketOf(dataDir: string, pid: number): Promise<string> {
  const path = await realpath(resolve(dataDir)).catch(() => resolve(dataDir))
  if (process.platform === 'win32') return `\\\\.\\pipe\\pairduck-${digest(path)}-${pid}`
  const within = join(path, '.pairduck', 'sockets', `${pid}.sock`)
  if (Buffer.byteLength(within) <= maxSocketPathBytes) return within
  return join(shortFolder(), `${digest(path)}-${pid}.sock`)
}

/** The processes that have a manager on the directory, or had one when they were killed. */
export async function ownerPids(dataDir: string): Promise<number[]> {
  const path = await realpath(resolve(dataDir)).catch(() => resolve(dataDir))
  const names = await readdir(join(path, '.pairduck')).catch(() => [])
  const pids = names.map((name) => /^manager-(\d+)\.lock$/.exec(name)?.[1])
  return pids.filter((pid) => pid !== undefined).map(Number)
}

function shortFolder(): string {
  return join(tmpdir(), `pairduck-${userInfo().uid}`)
}

function digest(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}
