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
  /**
   * Older than what retention has deleted: whether it was stored before is not known any more. Of a
   * pair that archives its ticks such a tick is set aside, and the next pass of the archive stores it
   * there if it is new.
   */
  readonly expired: number
  /** Older than the newest that was stored; part of `inserted`. */
  readonly late: number
}

/** What a cleanup of one pair did. */
export interface CleanupResult {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Rows deleted by relation; nothing where nothing was due. */
  readonly deleted: Readonly<Partial<Record<Relation, number>>>
  /** Rows that went into the archive, by relation; of candles pieces of bars. */
  readonly archived?: Readonly<Partial<Record<Relation, number>>>
  /** True where nothing was deleted, and `deleted` tells what would have been. */
  readonly dryRun?: true
  /** Undefined when all went well; else why the pair was left, with the holder's pid or lease. */
  readonly skipped?: string
  /** Bytes of files and write-ahead logs before. */
  readonly bytesBefore: number
  /** Bytes of files and write-ahead logs afterwards. */
  readonly bytesAfter: number
}

/** What a refresh of a pair's analytics did. */
export interface RefreshResult {
  /** The pair as text: `exchange/market/symbol`. */
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
  /** Rows that are new. */
  readonly inserted: number
  /** Stood there before (the same bar, zone or gap) and were replaced. */
  readonly replaced: number
  /** Older than retention's mark of their table: not stored again. */
  readonly expired: number
}

/** An id that came again with another price, volume or side. */
export interface Conflict {
  /** The exchange's id of the trade. */
  readonly tradeId: string
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp: number
  /** What is stored under the id. */
  readonly stored: {
    readonly price: number
    readonly volume: number
    readonly side: 'BUY' | 'SELL'
  }
  /** What came under the same id, and was not stored. */
  readonly given: { readonly price: number; readonly volume: number; readonly side: 'BUY' | 'SELL' }
}
