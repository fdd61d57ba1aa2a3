import type { Relation } from '../../schema/tables.ts'
import type { Timeframe } from '../../time.ts'

/** What became of a call's ticks: `inserted + duplicates + conflicts + expired` = given. */
export interface InsertCounts {
  /** Stored, `late` ones included. */
  readonly inserted: number
  /** The same trade was stored before. */
  readonly duplicates: number
  /** The id was stored before with another price, volume or side; the first stays. */
  readonly conflicts: number
  /** Too old to be judged: retention has deleted that time. */
  readonly expired: number
  /** Older than the newest that was stored; part of `inserted`. */
  readonly late: number
}

/** What a cleanup of one pair did. */
export interface CleanupResult {
  readonly pair: string
  /** Rows deleted by relation; nothing where nothing was due. */
  readonly deleted: Readonly<Partial<Record<Relation, number>>>
  /** True where nothing was deleted, and `deleted` tells what would have been. */
  readonly dryRun?: true
  /** Undefined when all went well; else why the pair was left, with the holder's pid or lease. */
  readonly skipped?: string
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** What a refresh of a pair's analytics did. */
export interface RefreshResult {
  readonly pair: string
  /** What was computed: bars of a timeframe that opened from `from` (null: all) to before `until`. */
  readonly refreshed: readonly {
    readonly timeframe: Timeframe
    readonly from: number | null
    readonly until: number
  }[]
  /** When the next bar closes that holds ticks or a candle, in Unix ms; null: all is processed. */
  readonly dueAt: number | null
}

/** What became of rows that are not ticks: `inserted + replaced + expired` = given. */
export interface RowCounts {
  readonly inserted: number
  /** Stood there before (the same bar, zone or gap) and were replaced. */
  readonly replaced: number
  /** Older than retention's mark of their table: not stored again. */
  readonly expired: number
}

/** An id that came again with another price, volume or side. */
export interface Conflict {
  readonly tradeId: string
  readonly timestamp: number
  readonly stored: {
    readonly price: number
    readonly volume: number
    readonly side: 'BUY' | 'SELL'
  }
  readonly given: { readonly price: number; readonly volume: number; readonly side: 'BUY' | 'SELL' }
}
