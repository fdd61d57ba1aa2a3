import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { Claims } from './claims.ts'
import { LogFolder } from './log-folder.ts'
import type { LogRecord } from './log-entry.ts'
import { LogGroup, type LogClient } from './log-group.ts'
import { Unapplied } from './unapplied.ts'
import type { Segment } from './segment.ts'
import { SegmentShelf } from './segment-shelf.ts'

const firstBufferBytes = 1 << 16
/** A buffer that one large group made this large is not kept for the small ones. */
const maxBufferBytes = 1 << 22

/**
 * The one log of all pairs of a manager. Who has something to write says so by {@link ready}; when the
 * disk is free all of them append to one group, which one write and one sync bring to the disk.
 * What came meanwhile is the next group. A record stays until {@link release} says that it is in
 * its pair's file.
 */
export class CommitLog {
  readonly #root: string
  readonly #ready = new Set<LogClient>()
  readonly #unapplied = new Unapplied()
  #opening: Promise<{ folder: LogFolder; shelf: SegmentShelf }> | undefined
  #claims: Claims | undefined
  #shelf: SegmentShelf | undefined
  #buffer = Buffer.allocUnsafeSlow(firstBufferBytes)
  #sequence = 0
  /** The position of the last record that was written, durable or not. */
  #position = 0
  /** The position of the last record that is durable. */
  #durable = 0
  /** Segments that a write failed in; what is in them has to be written anew before anything else. */
  readonly #failed = new Set<Segment>()
  #running: Promise<void> | undefined
  #closing = false

  /** `root`: the folder of all logs of a data directory. */
  constructor(root: string) {
    this.#root = root
  }

  /** What its records are known by; undefined while there are none. */
  name: string | undefined

  /** Makes the log if there is none yet. */
  async open(): Promise<void> {
    this.#opening ??= this.#make()
    try {
      await this.#opening
    } catch (error) {
      // A full disk may have room again.
      this.#opening = undefined
      throw fromDuckDb(error, `commit log in ${this.#root}`, 'IO_FAILED')
    }
  }

  /** Whether records of the pair may be written. */
  isClaimed(pair: string): boolean {
    return this.#claims?.has(pair) === true
  }

  /** Before the first record of a pair is written, while its file is locked. */
  async claim(pair: string): Promise<void> {
    await this.open()
    try {
      await this.#claims!.add(pair)
    } catch (error) {
      throw fromDuckDb(error, `commit log in ${this.#root}`, 'IO_FAILED')
    }
  }

  /** All records of the pair are in its file, which is still locked. */
  async disclaim(pair: string): Promise<void> {
    await this.#claims?.remove(pair)
  }

  /** The client's `commit` is called with the next group. */
  ready(client: LogClient): void {
    this.#ready.add(client)
    if (this.#running !== undefined) return
    // Callers that were answered together come back together.
    this.#running = new Promise((resolve) => {
      setImmediate(() => void this.#run().then(resolve))
    })
  }

  /** Whether nothing waits and nothing is being written. */
  get idle(): boolean {
    return this.#running === undefined
  }

  /** Whether the files are so far behind that they should catch up. */
  get isPressing(): boolean {
    return this.#unapplied.isPressing
  }

  /** Resolves when nothing waits and nothing is being written. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** These records are durable in their pairs' files. */
  release(records: readonly LogRecord[]): void {
    for (const record of records) {
      const { segment } = record
      record.released = true
      this.#unapplied.remove(record)
      if (segment?.live.delete(record) === true && segment.live.size === 0)
        this.#shelf?.retire(segment as Segment)
    }
  }

  /** Removes the log when all of it is in the pairs' files; else it stays, to be recovered from. */
  async close(): Promise<void> {
    this.#closing = true
    await this.settled()
    const opened = await this.#opening?.catch(() => undefined)
    if (opened === undefined) return
    try {
      const isShelfEmpty = await opened.shelf.close()
      const failed = [...this.#failed]
      for (const segment of failed) await segment.close().catch(() => undefined)
      const isEmpty = isShelfEmpty && failed.every(({ live }) => live.size === 0)
      await (isEmpty ? opened.folder.remove() : opened.folder.release())
    } catch (error) {
      // What can't be removed is read again by whoever opens the directory next, and found applied.
      await opened.folder.release().catch(() => undefined)
      throw fromDuckDb(error, 'the commit log', 'IO_FAILED')
    }
  }

  async #make(): Promise<{ folder: LogFolder; shelf: SegmentShelf }> {
    const folder = await LogFolder.create(this.#root)
    const shelf = new SegmentShelf(folder.path)
    try {
      // Before the first claim: from then on a log without a segment has lost one.
      await shelf.segmentFor(0, this.#position + 1)
    } catch (error) {
      await folder.remove().catch(() => folder.release().catch(() => undefined))
      throw error
    }
    this.#shelf = shelf
    this.#claims = new Claims(folder.path)
    this.name = folder.name
    return { folder, shelf }
  }

  async #run(): Promise<void> {
    while (this.#ready.size > 0) {
      await this.#commitGroup()
      // Who was answered may have more for the next group.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#running = undefined
  }

  async #commitGroup(): Promise<void> {
    const clients = [...this.#ready]
    this.#ready.clear()
    const group = this.#newGroup()
    for (const client of clients) client.commit(group)
    try {
      if (group.length > 0) await this.#write(group)
    } catch (error) {
      group.end(fromDuckDb(error, 'the commit log', 'IO_FAILED'))
      return
    } finally {
      if (group.buffer.length <= maxBufferBytes) this.#buffer = group.buffer
    }
    for (const record of group.records) this.#unapplied.add(record)
    group.end()
  }

  #newGroup(): LogGroup {
    return new LogGroup(this.#buffer, () => ++this.#sequence, this.#unapplied.room)
  }

  async #write(group: LogGroup): Promise<void> {
    await this.open()
    if (this.#failed.size > 0) await this.#replaceFailed(group.length)
    await this.#append(group)
    const crowded = this.#shelf?.crowded()
    if (crowded !== undefined && !this.#closing) await this.#carryOn(crowded)
  }

  async #append(group: LogGroup): Promise<void> {
    const shelf = this.#shelf!
    const position = this.#position + 1
    const segment = await shelf.segmentFor(group.length, position)
    group.seal({ segment: segment.number, position, durable: this.#durable, first: segment.first })
    this.#position += group.records.length
    try {
      await segment.append(group.buffer, group.length)
    } catch (error) {
      // Never again the same file: the system may have dropped what it could not write.
      this.#failed.add(segment)
      shelf.leave(segment)
      throw error
    }
    this.#durable = this.#position
    for (const record of group.records) {
      record.segment?.live.delete(record)
      record.segment = segment
      // One that is written anew may have been applied meanwhile.
      if (!record.released) segment.live.add(record)
    }
  }

  /** The failed ones go when there is another, with room for what comes first and next. */
  async #replaceFailed(nextBytes: number): Promise<void> {
    const needed = [...this.#failed].map(({ live }) => live.bytes)
    await this.#shelf!.segmentFor(Math.max(nextBytes, ...needed), this.#position + 1)
    for (const failed of this.#failed) await this.#writeAnew(failed)
  }

  /** Writes what is acknowledged and not yet applied into a new segment, and removes the failed one. */
  async #writeAnew(failed: Segment): Promise<void> {
    await this.#copy(failed)
    await failed.remove()
    // What was not acknowledged in it must not come back beside what is acknowledged from now on.
    await syncFolder((await this.#opening!).folder.path)
    this.#failed.delete(failed)
  }

  /** A few records of pairs that cannot be applied must not keep a whole segment each. */
  async #carryOn(segment: Segment): Promise<void> {
    try {
      await this.#copy(segment)
      this.#shelf!.retire(segment)
    } catch {
      // Nothing is lost by it: they are where they were. A failed segment is seen to by the next group.
    }
  }

  async #copy(from: Segment): Promise<void> {
    const records = [...from.live].sort((a, b) => a.sequence - b.sequence)
    if (records.length === 0) return
    const group = new LogGroup(Buffer.allocUnsafeSlow(firstBufferBytes), () => ++this.#sequence)
    for (const record of records) group.add(record)
    await this.#append(group)
  }
}
