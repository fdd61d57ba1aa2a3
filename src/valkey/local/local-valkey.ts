import { existsSync } from 'node:fs'
import { copyFile, realpath, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError, withSystemCode } from '../../errors.ts'
import { integer, optional, required, resolveOptions, rule } from '../../options.ts'
import { makeFolder } from '../../sync-folder.ts'
import { backUp, withRestoredDump } from './backup.ts'
import { findServerBinary, type ServerBinary } from './server-binary.ts'
import { serverFiles } from './server-config.ts'
import { lookForServer, type RunningServer } from './server-lookup.ts'
import { isVersionText } from './server-version.ts'
import { withStartLock } from './start-lock.ts'
import { lastLines, startServer, stopServer } from './server-process.ts'

/** Options of the local server. */
export interface LocalValkeyOptions {
  /** Holds the server's configuration, log and data; made when it is not there. */
  readonly dir: string
  /** Where an unpacked server is kept (see {@link findServerBinary}). */
  readonly cacheDir?: string
  /** Told what takes time, one line each. */
  readonly onProgress?: (line: string) => void
  /** Which server to start: `8` is the newest 8.x that is found. Default: the first one found. */
  readonly version?: string
}

/** What is known of the local server. */
export type LocalValkeyStatus =
  | { readonly running: false; readonly dir: string }
  | {
      readonly running: true
      readonly dir: string
      readonly pid: number
      readonly port: number
      /** What to give a client, or to put into `VALKEY_URL`. */
      readonly url: string
      /** The same for programs that take only `redis:` URLs. */
      readonly redisUrl: string
      readonly version: string
      readonly uptimeSeconds: number
    }

/**
 * A Valkey server on this machine for development: one per directory, reached on 127.0.0.1 only,
 * detached from the process that started it, its data saved in the directory. Only the server
 * that was started from the directory is ever stopped, saved or replaced: one that answers in
 * its place is `VALKEY_NOT_OURS`. Linux and macOS; on Windows `VALKEY_NOT_FOUND` says so.
 */
export class LocalValkey {
  /** The folder of the server. */
  readonly dir: string
  readonly #cacheDir: string | undefined
  readonly #onProgress: (line: string) => void
  readonly #version: string | undefined

  constructor(options: LocalValkeyOptions) {
    const text = rule('a path', (value) => typeof value === 'string' && value !== '', '')
    const resolved = resolveOptions('LocalValkey', options, {
      dir: required(text),
      cacheDir: optional(text),
      version: optional(rule('a version such as 8, 8.0 or 8.0.1', isVersionText, '')),
      onProgress: rule<(line: string) => void>(
        'a function',
        (value) => typeof value === 'function',
        () => undefined,
      ),
    })
    this.dir = resolved.dir
    this.#cacheDir = resolved.cacheDir
    this.#onProgress = resolved.onProgress
    this.#version = resolved.version
  }

  /**
   * Starts the server, on `port` (default: the one it had last, at first 6379) or the next free
   * one, and resolves when it takes commands; one that runs already stays as it is. A failed
   * start is `VALKEY_START_FAILED` with the end of its log.
   */
  async start(options: { readonly port?: number } = {}): Promise<LocalValkeyStatus> {
    const { port } = resolveOptions('LocalValkey.start', options, {
      port: optional(integer(1, 65_535, 6379)),
    })
    const running = await this.status()
    if (running.running) return running
    const binary = await this.#binary()
    return this.#coded(async () => {
      await makeFolder(this.dir, 0o700)
      const dir = await realpath(this.dir)
      await withStartLock(dir, async () => {
        if (!(await this.status()).running) await startServer(binary.path, dir, port)
      })
      return this.status()
    })
  }

  /**
   * Asks the server to save and end, and resolves once it is gone; false when none was running.
   * One that does not end within 30 s, because it can't save, say, is `VALKEY_REFUSED`.
   */
  async stop(): Promise<boolean> {
    const server = await this.#ours()
    if (server === undefined) return false
    await stopServer(server, this.dir)
    return true
  }

  /** Whether the server that was started from this directory runs, and where. */
  async status(): Promise<LocalValkeyStatus> {
    const found = await lookForServer(this.dir)
    if (found === undefined || !found.ours) return { running: false, dir: this.dir }
    const { pid, port, version, uptimeSeconds } = found
    const url = `valkey://127.0.0.1:${port}`
    const redisUrl = `redis://127.0.0.1:${port}`
    return { running: true, dir: this.dir, pid, port, url, redisUrl, version, uptimeSeconds }
  }

  /** The last lines of the server's log, oldest first; none when it never ran. */
  async logs(options: { readonly lines?: number } = {}): Promise<string[]> {
    const { lines } = resolveOptions('LocalValkey.logs', options, {
      lines: integer(1, 1_000_000, 50),
    })
    return lastLines(join(this.dir, serverFiles.log), lines)
  }

  /**
   * Writes the whole dataset, as it is at one moment, to a file that takes its name when it is
   * complete: `.rdb` is Valkey's own form, `.valkey` one readable command per line. A server
   * that does not run is backed up as it last saved itself.
   */
  async backup(file: string): Promise<void> {
    const server = await this.#ours()
    const { dump } = this.#dumps()
    const { path } = await this.#binary()
    await this.#coded(() => backUp(path, { port: server?.port, dump, file }))
  }

  /**
   * Replaces the dataset by that of a backup (`.rdb` or `.valkey`), whole or not at all: the file
   * is loaded by a server of its own first, and `INVALID_BACKUP` leaves everything as it was. The
   * former data stays beside it as `before-restore.rdb`. Returns the number of keys.
   */
  async restore(file: string): Promise<number> {
    const server = await this.#ours()
    const { path } = await this.#binary()
    return this.#coded(async () => {
      await makeFolder(this.dir, 0o700)
      return withRestoredDump(path, file, async (restored, keys) => {
        const { dump, formerDump } = this.#dumps()
        // Beside its place first: the last step must be a rename within one file system.
        await copyFile(restored, `${dump}.new`)
        await this.stop()
        if (existsSync(dump)) await rename(dump, formerDump)
        await rename(`${dump}.new`, dump)
        if (server !== undefined) await this.start({ port: server.port })
        return keys
      })
    })
  }

  /** Nothing, or our own: whoever else answers on our port is not to be touched. */
  async #ours(): Promise<RunningServer | undefined> {
    const found = await lookForServer(this.dir)
    if (found === undefined || found.ours) return found
    throw new PairduckError(
      'VALKEY_NOT_OURS',
      `127.0.0.1:${found.port} is answered by pid ${found.pid}, a server that was not started from ${this.dir}: it is left alone`,
      { pid: found.pid, port: found.port },
    )
  }

  /** What the system refused gets a code, and the folder that it is about. */
  async #coded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw withSystemCode(error, `server in ${this.dir}`)
    }
  }

  #dumps(): { dump: string; formerDump: string } {
    const { dump, formerDump } = serverFiles
    return { dump: join(this.dir, dump), formerDump: join(this.dir, formerDump) }
  }

  #binary(): Promise<ServerBinary> {
    return findServerBinary({
      onProgress: this.#onProgress,
      ...(this.#cacheDir === undefined ? {} : { cacheDir: this.#cacheDir }),
      ...(this.#version === undefined ? {} : { version: this.#version }),
    })
  }
}
