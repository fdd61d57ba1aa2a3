import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { LogRecord } from './log-entry.ts'
import type { Room } from './unapplied.ts'
import { encodeRecord, recordBound, sealRecord } from './record.ts'

/** What a pair gives to the log, and is told what became of it. */
export interface LogClient {
  /** A group begins: whatever is to be written with it is appended now, in this call. */
  commit(group: LogGroup): void
}

/** The records that are written with one sync. */
export class LogGroup {
  readonly records: LogRecord[] = []
  readonly #ends: ((error: unknown) => void)[] = []
  readonly #nextSequence: () => number
  /** How much the files may be behind the log by it. */
  readonly #room: Room
  #buffer: Buffer<ArrayBuffer>
  /** Bytes that are encoded. */
  length = 0

  constructor(
    buffer: Buffer<ArrayBuffer>,
    nextSequence: () => number,
    room: Room = { records: Infinity, bytes: Infinity },
  ) {
    this.#buffer = buffer
    this.#nextSequence = nextSequence
    this.#room = room
  }

  /** Whether it takes nothing more: so much is in the log already that is not in the files. */
  get isFull(): boolean {
    return this.records.length >= this.#room.records || this.length >= this.#room.bytes
  }

  get buffer(): Buffer<ArrayBuffer> {
    return this.#buffer
  }

  append(pair: string, ticks: BatchColumns, rows: string): LogRecord {
    const sequence = this.#nextSequence()
    return this.add({ sequence, pair, ticks, rows, bytes: 0, segment: undefined, released: false })
  }

  /** Adds a record that has its sequence already. */
  add(record: LogRecord): LogRecord {
    this.#reserve(recordBound(record))
    const end = encodeRecord(this.#buffer, this.length, record)
    record.bytes = end - this.length
    this.length = end
    this.records.push(record)
    return record
  }

  /** Is called once: with undefined when all of the group is on the disk, else with what went wrong. */
  onEnd(end: (error: unknown) => void): void {
    this.#ends.push(end)
  }

  /** Gives the records their places in a segment, right before they are written. */
  seal(place: { segment: number; position: number; durable: number; first: number }): void {
    let { position } = place
    for (let at = 0; at < this.length;)
      at = sealRecord(this.#buffer, at, { ...place, position: position++ })
  }

  end(error?: unknown): void {
    for (const end of this.#ends) end(error)
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.length)
    this.#buffer = grown
  }
}
