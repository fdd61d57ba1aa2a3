import type { BatchColumns } from '../duckdb/batch-function.ts'

/** What one record of the log says: ticks of a pair that are new to it, and rows that go with them. */
export interface LogEntry {
  /** Grows from record to record of one log; a record that is written anew keeps its own. */
  readonly sequence: number
  readonly pair: string
  readonly ticks: BatchColumns
  /** Rows of other tables, as text that only their writer understands; '' for none. */
  readonly rows: string
}

/** The records of a segment that are in no pair's file yet, and how many bytes of the log they are. */
export class LiveRecords extends Set<LogRecord> {
  bytes = 0

  override add(record: LogRecord): this {
    if (!this.has(record)) this.bytes += record.bytes
    return super.add(record)
  }

  override delete(record: LogRecord): boolean {
    const wasLive = super.delete(record)
    if (wasLive) this.bytes -= record.bytes
    return wasLive
  }
}

/** A record that was given to the log and is in memory until it is in its pair's file. */
export interface LogRecord extends Omit<LogEntry, 'ticks'> {
  ticks: BatchColumns
  bytes: number
  /** Where it is durable; it is in the `live` of one segment at a time. */
  segment: { readonly live: LiveRecords } | undefined
  /** It is durable in its pair's file. */
  released: boolean
}
