import type { LogRecord } from './log-entry.ts'

/** How much more may be in the log that is not in the files. */
export interface Room {
  readonly records: number
  readonly bytes: number
}

/** What the files may be behind the log by, all pairs together: it takes memory as well as disk. */
const most: Room = { records: 250_000, bytes: 1 << 26 }

/** Counts what is durable in the log and in no pair's file yet. */
export class Unapplied {
  #records = 0
  #bytes = 0

  add({ bytes }: LogRecord): void {
    this.#records++
    this.#bytes += bytes
  }

  remove({ bytes }: LogRecord): void {
    this.#records--
    this.#bytes -= bytes
  }

  /** Whether more than three quarters of it are taken. */
  get isPressing(): boolean {
    const { records, bytes } = this.room
    return records < most.records / 4 || bytes < most.bytes / 4
  }

  get room(): Room {
    return { records: most.records - this.#records, bytes: most.bytes - this.#bytes }
  }
}
