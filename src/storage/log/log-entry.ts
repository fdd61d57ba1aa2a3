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

/** A record that was given to the log and is in memory until it is in its pair's file. */
export interface LogRecord extends Omit<LogEntry, 'ticks'> {
  ticks: BatchColumns
  bytes: number
  /** Where it is durable; it is in the `live` of one segment at a time. */
  segment: { readonly live: Set<LogRecord> } | undefined
  /** It is durable in its pair's file. */
  released: boolean
}
