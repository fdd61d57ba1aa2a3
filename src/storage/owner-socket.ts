import { lstat, mkdir, rmdir, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { userInfo } from 'node:os'
import { PairduckError } from '../errors.ts'
import { ownerSocketOf } from './file/owner-socket-path.ts'
import type { Events } from './events/events.ts'
import type { MarketStore } from './market-store.ts'

/** How often a process may find the folder for its socket gone. */
const maxAttempts = 200
/** How the system says so; where a socket is made, by the second. */
const missing = new Set<string | undefined>(['ENOENT', 'EACCES'])

/** What answers the callers of a socket; made at the first of them. */
export interface OwnerDesk {
  take(socket: Socket): void
  close(): Promise<void>
}

/**
 * The socket on which the owner of a data directory answers other processes of its user, the
 * command line among them. Nothing is loaded until the first one calls, and it keeps no process
 * alive.
 */
export class OwnerSocket {
  readonly #server: Server
  readonly #path: string
  readonly #sockets = new Set<Socket>()
  readonly #desk: () => Promise<OwnerDesk>
  #answering: Promise<OwnerDesk> | undefined
  #isStopped = false

  private constructor(path: string, desk: () => Promise<OwnerDesk>) {
    this.#path = path
    this.#desk = desk
    this.#server = createServer({ pauseOnConnect: true }, (socket) => void this.#take(socket))
  }

  /** Undefined where none can be had: the store tells it, and other processes hear `PAIR_LOCKED`. */
  static async listen(
    store: MarketStore & Events & { readonly dataDir: string },
    { passing }: { readonly passing: boolean },
  ): Promise<OwnerSocket | undefined> {
    const path = await ownerSocketOf(store.dataDir, process.pid)
    const owner = new OwnerSocket(path, async () =>
      (await import('../serve/owner-desk.ts')).openOwnerDesk(store, { passing }),
    )
    try {
      await owner.#listen()
      return owner
    } catch (cause) {
      const error = new PairduckError(
        'IO_FAILED',
        'no local socket: other processes cannot ask this one for the pairs that it holds (`localSocket: false` says that none is wanted)',
        { cause },
      )
      // Behind `await DatabaseManager.open()`, so that a listener of the caller's hears of it.
      setImmediate(() => store.tell('error', { error }))
      return undefined
    }
  }

  /** Answers nobody any more, but stays: who finds it knows that the pairs will be let go of. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const desk = await this.#answering?.catch(() => undefined)
    await desk?.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  /** To be called when it is stopped and holds no pair any more. */
  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    // Left where another process of the directory still listens in it.
    if (process.platform !== 'win32') await rmdir(dirname(this.#path)).catch(() => undefined)
  }

  async #listen(): Promise<void> {
    for (let attempt = 1; ; attempt++)
      try {
        await this.#bind()
        break
      } catch (error) {
        // A process that ends removes the folder while it is empty, maybe just now.
        const code = (error as NodeJS.ErrnoException).code
        if (!missing.has(code) || attempt === maxAttempts) throw error
      }
    this.#server.on('error', () => undefined)
    this.#server.unref()
  }

  async #bind(): Promise<void> {
    if (process.platform !== 'win32') {
      await ownFolder(dirname(this.#path))
      // Left by a process that is gone and whose number is now ours.
      await unlink(this.#path).catch(() => undefined)
    }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#path, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  async #take(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (this.#isStopped) return void socket.destroy()
    try {
      const desk = await (this.#answering ??= this.#desk())
      desk.take(socket)
      socket.resume()
    } catch {
      this.#answering = undefined
      socket.destroy()
    }
  }
}

/** Nobody else enters it: so nobody can be quicker than the rights of the socket inside. */
async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined)
  const found = await lstat(folder)
  if (!found.isDirectory() || found.uid !== userInfo().uid || (found.mode & 0o077) !== 0)
    throw new PairduckError('IO_FAILED', `${folder} is not a folder of this user's alone`, {
      folder,
    })
}
