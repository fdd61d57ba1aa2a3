/** One call's ticks of one pair, as they wait in a log. */
export interface LogEntry {
  /** Ascending within a slot. */
  readonly id: string
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** The ticks. */
  readonly ticks: string
}

/**
 * The log between producers and workers, small enough that another one than Valkey's streams can take
 * its place. Within a slot entries keep the order in which they were appended. An entry that was read
 * and not acknowledged is read again by the slot's next owner.
 */
export interface IngestLog {
  /** Appends an entry; `BACKPRESSURE` when the slot's log holds as many as it may that are not stored yet. */
  append(slot: number, pair: string, ticks: string): Promise<string>
  /** Up to `count` entries: with `again` from the oldest that is not acknowledged, else those not read yet. */
  read(slot: number, count: number, again: boolean): Promise<readonly LogEntry[]>
  /** Takes entries off the log, all up to the last of these ids. */
  acknowledge(slot: number, ids: readonly string[]): Promise<void>
  /** Entries of each of the slots that are not acknowledged. */
  lengths(slots: readonly number[]): Promise<readonly number[]>
  /** Whether an entry is still on the log: it goes when its ticks are stored. */
  holds(slot: number, id: string): Promise<boolean>
}
