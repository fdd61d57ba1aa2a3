import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import PQueue from 'p-queue'
import { PairduckError } from '../../errors.ts'
import { BatchFunction } from './batch-function.ts'
import { countCache, forgetCache } from './block-cache.ts'
import { smallBlocks, type BlockSize } from './block-size.ts'
import { mayEndEngine } from './duckdb-errors.ts'

/**
 * The engine rewrites the row group that it appends to at each checkpoint: with its own 122,880
 * rows a growing file's checkpoints take fourteen times longer and the file is twice as large.
 * A commit of this many rows goes straight into the file, past the WAL.
 */
export const rowGroupRows = 10_240

/** The names of attached files; nobody can guess another's, and a text that holds one means it. */
export const aliasPattern: RegExp = /\bp\d+_[0-9a-f]{8}\b/gi

/** What an engine is made of; a fatal error ends all of it at once. */
interface Core {
  readonly instance: DuckDBInstance
  readonly control: DuckDBConnection
  readonly batches: BatchFunction
  /** What is attached to it: by alias, which file that is, whatever its name. */
  readonly attached: Map<string, string>
}

interface Renewal {
  readonly done: Promise<void>
  readonly finish: () => void
}

/**
 * The one DuckDB instance of a manager: in memory, with every pair's file attached to it. Against
 * an instance per file this opens in 0.7 ms instead of 11 and needs a tenth of the memory.
 *
 * One failed fsync, or an internal error, ends the whole instance for good. Then whoever has a file
 * open is told to give it up, and when the last is detached a new instance takes its place: files
 * that are asked for meanwhile wait for it.
 */
export class Engine {
  readonly #statements = new PQueue({ concurrency: 1 })
  /** By alias, whichever core they are attached to. */
  readonly #cores = new Map<string, Core>()
  readonly #key = randomBytes(4).toString('hex')
  #core: Core
  readonly #spillFolder: string | undefined
  /** Resolves when a lost core has been replaced. */
  #renewal: Renewal | undefined
  #stopped = false
  #nextAlias = 1
  /** Files that a statement keeps though it was interrupted, until it ends. */
  readonly #kept = new Set<Promise<void>>()
  /** Called when the instance is lost: every file has to be given up. */
  onLost: () => void = () => undefined

  private constructor(core: Core, spillFolder: string | undefined) {
    this.#core = core
    this.#spillFolder = spillFolder
  }

  /** The folder is for what does not fit into memory; the engine makes it when it needs it. */
  static async start(spillFolder?: string): Promise<Engine> {
    return new Engine(await startCore(spillFolder), spillFolder)
  }

  get batches(): BatchFunction {
    return this.#core.batches
  }

  /** Attaches a checked, absolute path and returns its alias. A file that is made by it has such blocks. */
  async attach(file: string, blockSize: BlockSize = smallBlocks): Promise<string> {
    await this.#renewal?.done
    const core = this.#core
    // Numbers, because aliases ignore case. With a storage version a WAL that belongs to another
    // file is refused instead of replayed. With a type a file's first bytes cannot call an extension.
    const alias = `p${this.#nextAlias++}_${this.#key}`
    this.#cores.set(alias, core)
    core.attached.set(alias, 'being attached')
    try {
      const isMade = !(await refuseSecondName(file, core))
      // Of a file that is there the engine refuses any other size than its own.
      const made = isMade ? `, BLOCK_SIZE ${blockSize}` : ''
      const statement = `ATTACH ${literal(file)} AS ${alias} (TYPE duckdb, STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE ${rowGroupRows}${made})`
      await whenLetGo(file, () => this.#run(core, statement))
      core.attached.set(alias, (await identityOf(file)) ?? file)
    } catch (error) {
      await this.report(error)
      await this.#leave(alias, core)
      throw error
    }
    return alias
  }

  /** Every connection of the pair must be closed before, or its file stays open. */
  async detach(alias: string): Promise<void> {
    const core = this.#cores.get(alias)
    if (core === undefined) return
    try {
      // A dead instance lets go of its files when it is closed.
      if (!this.isLost(alias)) await this.#run(core, `DETACH ${alias}`)
    } catch (error) {
      await this.report(error)
      if (!this.isLost(alias)) throw error
    } finally {
      await this.#leave(alias, core)
    }
  }

  /** The same for a file that a statement keeps: when it is free, which nobody waits for. */
  detachWhen(alias: string, free: Promise<unknown>): void {
    this.#kept.add(free.then(() => this.detach(alias)).catch(() => undefined))
  }

  /** A connection whose unqualified names are the pair's. */
  async connect(alias: string): Promise<DuckDBConnection> {
    const connection = await this.#cores.get(alias)!.instance.connect()
    try {
      await connection.run(`USE ${alias}`)
    } catch (error) {
      connection.closeSync()
      throw error
    }
    return connection
  }

  /** Whether the instance that a file is attached to is dead. */
  isLost(alias: string): boolean {
    return this.#renewal !== undefined && this.#cores.get(alias) === this.#core
  }

  /** To be told of errors that may have ended the instance; true when it is dead. */
  async report(error: unknown): Promise<boolean> {
    if (!mayEndEngine(error)) return false
    if (this.#renewal !== undefined) return true
    try {
      await this.#run(this.#core, 'SELECT 1')
      return false
    } catch {
      this.#lose()
      return true
    }
  }

  /** Ends the instance, and then calls `ended`: at once, or when no statement keeps a file any more. */
  stop(ended?: () => void): void {
    this.#stopped = true
    this.#renewal?.finish()
    const end = (): void => {
      void closeCore(this.#core)
      ended?.()
    }
    if (this.#kept.size === 0) end()
    else void Promise.all(this.#kept).then(end)
  }

  #lose(): void {
    if (this.#renewal !== undefined || this.#stopped) return
    this.#renewal = pendingRenewal()
    this.onLost()
    void this.#renewWhenLeft()
  }

  async #leave(alias: string, core: Core): Promise<void> {
    this.#cores.delete(alias)
    core.attached.delete(alias)
    await this.#renewWhenLeft()
  }

  /** Two instances on one file would lose rows: the next one starts when the dead one has let go of all. */
  async #renewWhenLeft(): Promise<void> {
    const renewal = this.#renewal
    if (renewal === undefined || this.#core.attached.size > 0 || this.#stopped) return
    const dead = this.#core
    // Whatever else leaves meanwhile finds nothing to do.
    dead.attached.set('replaced', '')
    await closeCore(dead)
    const core = await startCore(this.#spillFolder)
    if (this.#stopped) return closeCore(core)
    this.#core = core
    this.#renewal = undefined
    renewal.finish()
  }

  /** One statement at a time: a second one on a connection would only block a thread of Node's pool. */
  async #run(core: Core, sql: string): Promise<void> {
    await this.#statements.add(() => core.control.run(sql))
  }
}

/**
 * The engine attaches one file under two names without a complaint, and then loses rows. Says whether
 * there is a file.
 */
async function refuseSecondName(file: string, { attached }: Core): Promise<boolean> {
  const identity = await identityOf(file)
  if (identity !== undefined && [...attached.values()].includes(identity))
    throw openByAnotherName(file)
  return identity !== undefined
}

/** What is said of a file that this process has by another name. */
export function openByAnotherName(file: string): PairduckError {
  return new PairduckError('PAIR_LOCKED', `${file} is open in this process under another name`, {
    pid: process.pid,
  })
}

/** For how long a transaction elsewhere may keep a file that was detached. */
const letGoMs = 1000

/**
 * A transaction that looked at the engine's catalogue keeps every file that was attached then, also
 * after it was detached. Mostly that is over in a moment.
 */
async function whenLetGo(file: string, attach: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + letGoMs
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 50)) {
    try {
      return await attach()
    } catch (error) {
      if (!/Unique file handle conflict/.test(String(error))) throw error
      if (performance.now() >= deadline)
        throw new PairduckError(
          'PAIR_LOCKED',
          `${file} is still held by a transaction of this process that was open when it was closed: end the streams and leases that ask for the tables of all pairs`,
          { cause: error, pid: process.pid },
        )
      await delay(pauseMs)
    }
  }
}

/** Which file it is, whatever its name. */
export async function identityOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined)
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

function pendingRenewal(): Renewal {
  let finish!: () => void
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })
  return { done, finish }
}

async function startCore(spillFolder: string | undefined): Promise<Core> {
  // One thread: many small commits run 1.6 times faster than with two.
  // Nothing is fetched from the network because of what a file looks like.
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
    // Its own choice is a folder in whatever folder the process was started in.
    ...(spillFolder === undefined ? {} : { temp_directory: spillFolder }),
  })
  const control = await instance.connect()
  // Otherwise NOW() put into a TIMESTAMP is local time.
  await control.run(`SET GLOBAL TimeZone = 'UTC'`)
  // We checkpoint when we mean to: a file that was opened and refused keeps every byte.
  await control.run('PRAGMA disable_checkpoint_on_shutdown')
  // No commit becomes a checkpoint by itself, of which one may even leave no trace in the log.
  await control.run(`SET GLOBAL checkpoint_threshold = '1TB'`)
  // What any statement sets would outlive it, for every pair.
  await control.run('SET GLOBAL lock_configuration = true')
  await countCache(instance)
  return { instance, control, batches: new BatchFunction(control), attached: new Map() }
}

function literal(text: string): string {
  return `'${text.replaceAll(`'`, `''`)}'`
}

/** Resolves when it has let go of its files. */
async function closeCore({ control, instance }: Core): Promise<void> {
  const forgotten = forgetCache(instance)
  control.closeSync()
  instance.closeSync()
  await forgotten
}
