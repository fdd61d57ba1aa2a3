import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withPlainClient } from '../../src/valkey/local/plain-client.ts'
import { findServerBinary } from '../../src/valkey/local/server-binary.ts'
import { makeCertificates, type Certificates } from './certificates.ts'

export interface TestServerOptions {
  /** Listen on a unix socket too; its path is `socketPath`. */
  readonly unixSocket?: boolean
  /** Speak TLS on `port` (plain TCP is off then); certificates are made on the spot. */
  readonly tls?: boolean
  /** Lines of an ACL file, such as `user default off` and `user mirror on >secret ~orders +hset`. */
  readonly acl?: readonly string[]
  /** Keep what is written over a {@link TestServer.restart} (an append-only file, fsync always). */
  readonly persist?: boolean
  /** Further command-line arguments, such as `['--maxclients', '10']`. */
  readonly args?: readonly string[]
  /** A configuration file that the server reads first (and, as a sentinel, writes). */
  readonly configFile?: string
  /** A fixed port; default: a free one, the same after a restart. */
  readonly port?: number
}

/** A real valkey-server of the test's own on 127.0.0.1, stopped after the test file at the latest. */
export interface TestServer extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  /** `valkey://127.0.0.1:<port>`, with TLS `valkeys://…`. */
  readonly url: string
  /** Undefined without `unixSocket`. */
  readonly socketPath: string | undefined
  /** Undefined without `tls`. */
  readonly certificates: Certificates | undefined
  readonly pid: number
  readonly dir: string
  log(): string
  /** Resolves once the process is gone; SIGKILL unless told otherwise. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Same port, directory and settings; empty unless `persist`. Kills first when it still runs. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open and silent until {@link TestServer.resume}. */
  pause(): void
  resume(): void
  /** Ends the process and removes its directory; harmless a second time. */
  stop(): Promise<void>
}

/** Starts a server and resolves when it takes connections; a failed start shows its log. */
export async function startValkey(options: TestServerOptions = {}): Promise<TestServer> {
  const binary = await findServerBinary({ onProgress: (line) => process.stderr.write(`${line}\n`) })
  const dir = await mkdtemp(join(tmpdir(), 'pairduck-valkey-'))
  const certificates = options.tls === true ? await makeCertificates(join(dir, 'tls')) : undefined
  const socketPath = options.unixSocket === true ? join(dir, 'valkey.sock') : undefined
  let port: number
  let server: Server
  for (;;) {
    port = options.port ?? (await freePort())
    const args = await serverArguments({ ...options, dir, port, socketPath, certificates })
    server = new Server(binary.path, args, dir)
    running.add(server)
    try {
      await server.start()
      break
    } catch (error) {
      // A port that was free may have gone to another program, or to an outgoing connection.
      if (options.port === undefined && /Address already in use/.test(String(error))) {
        running.delete(server)
        await server.kill()
        continue
      }
      await server.stop()
      throw error
    }
  }
  return Object.assign(server, {
    host: '127.0.0.1' as const,
    port,
    url: `${certificates === undefined ? 'valkey' : 'valkeys'}://127.0.0.1:${port}`,
    socketPath,
    certificates,
  })
}

let shared: Promise<TestServer> | undefined

/**
 * The test process's own server, emptied: for tests that neither kill nor pause it, which need not wait
 * for one of their own. What a test before has left open on it ends there.
 */
export async function emptyValkey(): Promise<
  Pick<TestServer, 'host' | 'port' | 'url'> & AsyncDisposable
> {
  const { host, port, url } = await (shared ??= startValkey())
  await withPlainClient({ port }, async (send) => send('FLUSHALL'))
  return { host, port, url, [Symbol.asyncDispose]: async () => undefined }
}

/** A TCP port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const running = new Set<Server>()
// Test files of one process share a server: it ends with the process, which the runner ends by a signal.
function abandonAll(): void {
  for (const server of running) server.abandon()
}
process.once('exit', abandonAll)
process.once('SIGTERM', () => {
  abandonAll()
  process.exit(0)
})

interface ServerPlace extends TestServerOptions {
  readonly dir: string
  readonly port: number
  readonly socketPath: string | undefined
  readonly certificates: Certificates | undefined
}

async function serverArguments(place: ServerPlace): Promise<string[]> {
  const { dir, port, socketPath, certificates, acl, persist } = place
  const args = place.configFile === undefined ? [] : [place.configFile]
  args.push('--bind', '127.0.0.1', '--dir', dir, '--save', '', '--daemonize', 'no')
  args.push('--port', certificates === undefined ? String(port) : '0')
  if (certificates !== undefined) {
    args.push('--tls-port', String(port), '--tls-auth-clients', 'optional')
    args.push('--tls-ca-cert-file', certificates.ca)
    args.push('--tls-cert-file', certificates.cert, '--tls-key-file', certificates.key)
  }
  if (socketPath !== undefined) args.push('--unixsocket', socketPath)
  if (persist === true) args.push('--appendonly', 'yes', '--appendfsync', 'always')
  if (acl !== undefined) {
    await writeFile(join(dir, 'users.acl'), `${acl.join('\n')}\n`)
    args.push('--aclfile', join(dir, 'users.acl'))
  }
  return [...args, ...(place.args ?? [])]
}

class Server {
  readonly dir: string
  readonly #binary: string
  readonly #args: readonly string[]
  readonly #logFile: string
  #process: ChildProcess | undefined
  #gone: Promise<unknown> = Promise.resolve()

  constructor(binary: string, args: readonly string[], dir: string) {
    this.#binary = binary
    this.#args = args
    this.dir = dir
    this.#logFile = join(dir, 'server.log')
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error('the server is not running')
    return pid
  }

  log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  async start(): Promise<void> {
    const child = spawn(this.#binary, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    this.#gone = new Promise((resolve) => child.once('close', resolve))
    await new Promise<void>((ready, failed) => {
      let output = ''
      const onOutput = (chunk: Buffer): void => {
        appendFileSync(this.#logFile, chunk)
        output += chunk.toString()
        if (readyPattern.test(output)) ready()
      }
      child.stdout.on('data', onOutput)
      child.stderr.on('data', onOutput)
      child.once('error', failed)
      child.once('close', () => failed(new Error(`valkey-server did not start:\n${output}`)))
    })
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      child.kill(signal)
    await this.#gone
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  async stop(): Promise<void> {
    running.delete(this)
    await this.kill()
    await rm(this.dir, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** For `process.on('exit')`, where nothing can be waited for. */
  abandon(): void {
    this.#process?.kill('SIGKILL')
    rmSync(this.dir, { recursive: true, force: true })
  }
}

const readyPattern = /Ready to accept connections|\+monitor master/
