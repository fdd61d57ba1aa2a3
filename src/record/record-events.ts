import type { Gap } from '../schema/gaps.ts'
import type { InsertCounts } from '../storage/events/outcomes.ts'

/** What a recorder tells while it runs; `pair` is the text form. */
export type RecordEvent =
  | {
      readonly type: 'stored'
      readonly pair: string
      readonly counts: InsertCounts
      readonly lastPrice: number
      /** From the newest trade's time to its being on the disk, in ms. */
      readonly lagMs: number
    }
  /** A hole was noted, or what is known of one changed. */
  | { readonly type: 'gap'; readonly pair: string; readonly gap: Gap }
  /** The pair is new, and was told to keep what is recorded. */
  | { readonly type: 'kept'; readonly pair: string; readonly retention: 'forever' }
  /** A trade that cannot be stored, and why; what is missing with it is in the ledger. */
  | { readonly type: 'rejected'; readonly pair: string; readonly reason: string }
  | {
      readonly type: 'line'
      readonly state: 'open' | 'cut' | 'silent' | 'changed'
      readonly symbols: readonly string[]
      readonly reason: string | null
    }
  /** Something failed and will be tried again. */
  | { readonly type: 'error'; readonly pair: string | null; readonly error: unknown }

/** Is called with each event of a recording. */
export type RecordListener = (event: RecordEvent) => void
