/** One call's ticks of one pair, as they wait in a log. */
export interface LogEntry {
  /** Ascending within a slot. */
  readonly id: string
  readonly pair: string
  readonly ticks: string
}

/**
 * The log between producers and workers: four calls, so that another one than Valkey's streams can
 * take its place. Within a slot entries keep the order in which they were appended. An entry that
 * was read and not acknowledged is read again by the slot's next owner.
 */
export interface IngestLog {
  /** Appends an entry; `BACKPRESSURE` when the slot's log holds `maxEntries` that are not stored yet. */
  append(slot: number, pair: string, ticks: string): Promise<string>
  /** Up to `count` entries: with `again` those that were read before and not acknowledged, else new ones. */
  read(slot: number, count: number, again: boolean): Promise<readonly LogEntry[]>
  /** Takes entries off the log, all up to the last of these ids. */
  acknowledge(slot: number, ids: readonly string[]): Promise<void>
  /** Entries of a slot that are not acknowledged. */
  length(slot: number): Promise<number>
}
