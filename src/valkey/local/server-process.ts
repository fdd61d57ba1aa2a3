import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { serverConfigText, serverFiles } from './server-config.ts'
import { lastPort, lookForServer, type RunningServer } from './server-lookup.ts'
import { isAlive, waitFor } from './waiting.ts'

const patienceMs = 30_000
const portsToTry = 100

/**
 * Starts a directory's server, detached, on the wanted port (else the one it had last, else
 * 6379) or the next free one, and resolves when it has loaded its data and takes commands.
 */
export async function startServer(
  binary: string,
  dir: string,
  wanted: number | undefined,
): Promise<void> {
  const port = await nextFreePort(wanted ?? (await lastPort(dir)) ?? 6379)
  const config = join(dir, serverFiles.config)
  await writeFile(config, serverConfigText({ dir, port }), { mode: 0o600 })
  const log = await open(join(dir, serverFiles.log), 'a', 0o600)
  let server: ChildProcess
  try {
    server = spawn(binary, [config], { detached: true, stdio: ['ignore', log.fd, log.fd] })
  } finally {
    await log.close()
  }
  let failure: string | undefined
  server.once('error', (error) => (failure = error.message))
  server.once('exit', (code) => (failure = `it ended with code ${code}`))
  const ready = await waitFor(async () => {
    if (failure !== undefined) return 'failed'
    const found = await lookForServer(dir).catch(() => undefined)
    return found?.ours === true && !found.loading ? 'ready' : undefined
  }, patienceMs)
  server.removeAllListeners().unref()
  if (ready === 'ready') return
  if (ready === undefined) server.kill('SIGKILL')
  throw new PairduckError(
    'VALKEY_START_FAILED',
    `valkey-server did not start on 127.0.0.1:${port} (${failure ?? `not ready after ${patienceMs} ms`}); the end of its log:\n${await logEnd(dir)}`,
    { dir, port },
  )
}

/** Lets a server save and end, and waits until it is gone. */
export async function stopServer(server: RunningServer, dir: string): Promise<void> {
  process.kill(server.pid, 'SIGTERM')
  const gone = await waitFor(async () => (isAlive(server.pid) ? undefined : true), patienceMs)
  if (gone === undefined)
    throw new PairduckError(
      'VALKEY_REFUSED',
      `the server (pid ${server.pid}) did not end within ${patienceMs} ms; the end of its log:\n${await logEnd(dir)}`,
      { pid: server.pid },
    )
}

/** The last lines of a text file; none when there is no file. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .filter((line) => line !== '')
}

async function nextFreePort(from: number): Promise<number> {
  for (let port = from; port < from + portsToTry && port <= 65_535; port += 1)
    if (await isFree(port)) return port
  throw new PairduckError(
    'VALKEY_START_FAILED',
    `no free port of 127.0.0.1 among the ${portsToTry} from ${from} on`,
    { port: from },
  )
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  await once(probe.close(), 'close')
  return true
}

async function logEnd(dir: string): Promise<string> {
  return (await lastLines(join(dir, serverFiles.log), 10)).join('\n')
}
