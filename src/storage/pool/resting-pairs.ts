import PQueue from 'p-queue'
import type { Pair } from '../../pair.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { identityOf, openByAnotherName } from '../duckdb/engine.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Events } from '../events/events.ts'
import type { LogBook } from '../log/log-book.ts'
import { RestingWriter, type HandedOver } from '../write/resting-writer.ts'
import type { TickMemory } from '../write/tick-memory.ts'
import type { WriterOptions } from '../write/tick-line.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { PairDatabase } from './pair-database.ts'

/** From so much on, in ticks, it is worth it to open a file. */
const bulkTicks = 10_000
/** However few there are, a file lacks them no longer than about this. */
const longestMs = 300_000
/** Files that are opened at once only to catch up. */
const atOnce = 2
/** After one that cannot be opened. */
const pauseMs = 30_000

interface Parts {
  readonly logs: LogBook
  readonly budget: ThreadBudget
  readonly events: Events
  readonly options: WriterOptions & { readonly idleCloseMs: number }
}

/** What goes on of a pair while its file is closed. */
export interface Resting {
  readonly pair: Pair
  readonly rules: RetentionRules
  /** Which file it has, whatever its name. */
  readonly identity: string | undefined
  readonly writer: RestingWriter
  /** Its file is needed: it takes no call any more. */
  isLeft: boolean
  isOpening: boolean
  /** It is not tried again before, by `performance.now()`. */
  retryAt: number
}

/**
 * The pairs that are this process's while their files are closed to make room for others. What is
 * inserted goes to the log; a file is opened when much of it waits, when it has waited long, when the
 * log presses, or when somebody needs the file.
 */
export class RestingPairs {
  readonly #parts: Parts
  readonly #entries = new Map<string, Resting>()
  /** Pairs that are being given up. */
  readonly #endings = new Map<string, Promise<void>>()
  readonly #queue = new PQueue({ concurrency: atOnce })
  readonly #queued = new Set<string>()
  #pool: Pick<ConnectionPool, 'use' | 'release'> | undefined
  #closing = false
  /** Takes over the calls of a pair whose file is needed, in order. */
  goOn: (pair: Pair, handed: HandedOver) => void = () => undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The pool whose pairs they are. */
  set pool(pool: Pick<ConnectionPool, 'use' | 'release'>) {
    this.#pool = pool
  }

  /** Whether a pair may begin to rest. */
  get isOpen(): boolean {
    return !this.#closing
  }

  /** What takes a pair's calls while it rests. */
  get(name: string): Resting | undefined {
    const entry = this.#entries.get(name)
    return entry?.isLeft === false && !this.#closing ? entry : undefined
  }

  /** Whether a pair is this process's while its file is closed. */
  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** Whether its file lacks something. */
  isBehind(name: string): boolean {
    return this.#entries.get(name)?.writer.isBehind === true
  }

  names(): string[] {
    return [...this.#entries.keys()]
  }

  /** A pair's file was closed to make room, and has all that is acknowledged. */
  async add({ pair, name, rules, files }: PairDatabase, memory: TickMemory): Promise<void> {
    const identity = await identityOf(files.database)
    const { logs, budget, events, options } = this.#parts
    const writer = new RestingWriter({
      pair: name,
      log: logs.log,
      backlog: logs.backlogOf(name),
      memory,
      budget,
      events,
      options,
      onNeed: () => this.leave(name),
      onKept: () => {
        if (writer.weight >= bulkTicks) this.#bringIn(name)
        else if (logs.log.isPressing) this.#bringInLargest()
      },
    })
    const state = { isLeft: false, isOpening: false, retryAt: 0 }
    this.#entries.set(name, { pair, rules, identity, writer, ...state })
  }

  /** From now on the calls of a pair need its file, those that stand in line first. */
  leave(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined || entry.isLeft) return
    entry.isLeft = true
    for (const handed of entry.writer.handOver()) this.goOn(entry.pair, handed)
  }

  /** Opens a pair that may rest; where it cannot be opened it stays this process's. */
  async opened(
    { name, file }: { readonly name: string; readonly file: string },
    open: () => Promise<PairDatabase>,
  ): Promise<PairDatabase> {
    // Its place in the pool is taken by then.
    await (this.#entries.size > 0 ? this.#refuseSecondName(name, file) : undefined)
    while (this.#endings.has(name)) await this.#endings.get(name)
    const entry = this.#entries.get(name)
    if (entry === undefined) return open()
    entry.isOpening = true
    this.leave(name)
    try {
      // What is on its way to the log comes into the file with the rest.
      await entry.writer.idle()
      const database = await open()
      this.#entries.delete(name)
      database.writer.ticks.memory.adopt(entry.writer.known)
      return database
    } finally {
      entry.isOpening = false
    }
  }

  /** Gives a pair up, whose file has all then; what stands in the way is told. */
  async giveUp(name: string): Promise<void> {
    const entry = await this.#stopped(name)
    if (entry === undefined) return
    if (!entry.writer.isBehind) return this.#end(name, entry)
    if (await this.#open(name, entry)) await this.#pool!.release(name)
  }

  /** Its file becomes another one, perhaps: what is known of it is not to be used any more. */
  async forget(name: string): Promise<void> {
    const entry = await this.#stopped(name)
    if (entry === undefined) return
    if (!entry.writer.isBehind) return this.#end(name, entry)
    this.#entries.delete(name)
    entry.writer.known.dispose()
  }

  /** Looks for those that nobody used for long, and for files that lack something for long. */
  sweep(): void {
    const now = performance.now()
    for (const [name, { writer, retryAt }] of this.#entries) {
      if (now < retryAt) continue
      if (now - writer.usedAt >= this.#parts.options.idleCloseMs)
        this.#enqueue(name, () => this.giveUp(name))
      else if (now - writer.waitingSince >= longestMs) this.#bringIn(name)
    }
  }

  /** Takes no calls; resolves when those that were taken are answered, or need the file. */
  async close(): Promise<void> {
    this.#closing = true
    this.#queue.clear()
    await this.#queue.onIdle()
    await Promise.all([...this.#entries.values()].map(({ writer }) => writer.idle()))
  }

  /** As the engine does for files that are open: what is written by another name would be missed here. */
  async #refuseSecondName(name: string, file: string): Promise<void> {
    const identity = await identityOf(file)
    if (identity === undefined) return
    for (const [other, entry] of this.#entries)
      if (entry.identity === identity && other !== name) throw openByAnotherName(file)
  }

  /** A pair that takes no calls any more and whose file nobody needs. */
  async #stopped(name: string): Promise<Resting | undefined> {
    await this.#endings.get(name)
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    this.leave(name)
    await entry.writer.idle()
    return this.#entries.get(name) === entry && !entry.isOpening ? entry : undefined
  }

  async #end(name: string, entry: Resting): Promise<void> {
    this.#entries.delete(name)
    // Who opens it now waits until this is over.
    const { logs, events } = this.#parts
    entry.writer.known.dispose()
    const ending = logs.log
      .disclaim(name)
      .catch((error: unknown) => events.tell('error', { pair: name, error }))
      .finally(() => this.#endings.delete(name))
    this.#endings.set(name, ending)
    await ending
  }

  #bringInLargest(): void {
    if (this.#queue.size + this.#queue.pending >= atOnce) return
    const now = performance.now()
    let largest: { name: string; weight: number } | undefined
    for (const [name, { writer, retryAt }] of this.#entries) {
      const { weight } = writer
      if (weight > (largest?.weight ?? 0) && now >= retryAt && !this.#queued.has(name))
        largest = { name, weight }
    }
    if (largest !== undefined) this.#bringIn(largest.name)
  }

  #bringIn(name: string): void {
    this.#enqueue(name, async () => {
      const entry = this.#entries.get(name)
      if (entry !== undefined && performance.now() >= entry.retryAt) await this.#open(name, entry)
      if (this.#parts.logs.log.isPressing) setImmediate(() => this.#bringInLargest())
    })
  }

  #enqueue(name: string, work: () => Promise<void>): void {
    if (this.#queued.has(name) || this.#closing) return
    this.#queued.add(name)
    void this.#queue
      .add(work)
      .catch((error: unknown) => this.#parts.events.tell('error', { pair: name, error }))
      .finally(() => this.#queued.delete(name))
  }

  /** Opening brings in what waits. That is no use of the pair. */
  async #open(name: string, entry: Resting): Promise<boolean> {
    const { idleCloseMs } = this.#parts.options
    const idleMs = Math.max(1, idleCloseMs - (performance.now() - entry.writer.usedAt))
    try {
      await this.#pool!.use(entry.pair, () => Promise.resolve(), { idleMs })
      return true
    } catch (cause) {
      entry.retryAt = performance.now() + pauseMs
      const error = fromDuckDb(cause, `${name}: cannot be brought into its file`, 'IO_FAILED')
      if (error.code !== 'CLOSED') this.#parts.events.tell('error', { pair: name, error })
      return false
    }
  }
}
