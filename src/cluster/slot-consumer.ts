import { PairduckError } from '../errors.ts'
import type { InsertCounts } from '../storage/events/outcomes.ts'
import type { TickColumns } from '../storage/write/tick.ts'
import type { IngestLog, LogEntry } from './ingest-log.ts'
import { decodeTicks } from './tick-entry.ts'

/** Where a consumer stores: a `DatabaseManager`, as far as ticks go. */
export interface TickStore {
  insertTicks(pair: string, ticks: TickColumns): Promise<InsertCounts>
}

export interface SlotConsumerOptions {
  readonly slot: number
  readonly log: IngestLog
  readonly store: TickStore
  /** Whether the slot's lease is fresh enough to write. */
  readonly mayWrite: () => boolean
  /** An entry that can never be stored; it is taken off the log after this has resolved. */
  readonly refuse: (entry: LogEntry, error: unknown) => Promise<void>
  readonly onStored: (pair: string, counts: InsertCounts) => void
  readonly onError: (error: unknown) => void
}

/** Entries of one read. */
const readCount = 256
/** How long it waits for a word of new entries, after a failure, and while it may not write. */
const idleMs = 500
const retryMs = 100

/** Codes that a retry cannot fix: the entry itself is wrong. */
const finalCodes = ['INVALID_TICK', 'INVALID_PAIR'] as const

/**
 * Stores the log of one slot: reads entries, inserts their ticks, and only when they are durable takes
 * them off the log. What the owner before had read and not stored is read first.
 */
export class SlotConsumer {
  /** The pairs that were written: to be closed before the slot is given up. */
  readonly pairs: Set<string> = new Set()
  readonly #options: SlotConsumerOptions
  readonly #ended: Promise<void>
  #stopped = false
  #wake: () => void = () => undefined

  constructor(options: SlotConsumerOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  /** Something was appended: look at once. */
  wake(): void {
    this.#wake()
  }

  /** Takes no further entries; resolves when what is being stored is stored and acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#ended
  }

  async #run(): Promise<void> {
    let again = true
    while (!this.#stopped) {
      try {
        if (!this.#options.mayWrite()) {
          await this.#pause(retryMs)
          again = true
          continue
        }
        const { log, slot } = this.#options
        const entries = await log.read(slot, readCount, again)
        if (entries.length === 0) {
          if (!again) await this.#pause(idleMs)
          again = false
          continue
        }
        // Written in part or not at all: the same entries are read again.
        again = true
        if (!(await this.#store(entries))) continue
        await log.acknowledge(
          slot,
          entries.map(({ id }) => id),
        )
      } catch (error) {
        again = true
        this.#options.onError(error)
        await this.#pause(retryMs)
      }
    }
  }

  /**
   * Stores all entries; false when it may not write any more. The calls are made in the entries'
   * order and without waiting for one another, so that a pair's calls share a commit.
   */
  async #store(entries: readonly LogEntry[]): Promise<boolean> {
    if (!this.#options.mayWrite()) return false
    const done = await Promise.allSettled(entries.map((entry) => this.#storeEntry(entry)))
    for (const each of done) if (each.status === 'rejected') throw each.reason
    return true
  }

  async #storeEntry(entry: LogEntry): Promise<void> {
    this.pairs.add(entry.pair)
    try {
      const counts = await this.#options.store.insertTicks(entry.pair, decodeTicks(entry.ticks))
      this.#options.onStored(entry.pair, counts)
    } catch (error) {
      const isFinal =
        error instanceof SyntaxError || finalCodes.some((code) => PairduckError.is(error, code))
      if (!isFinal) throw error
      await this.#options.refuse(entry, error)
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = () => undefined
  }
}
