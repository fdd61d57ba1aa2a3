import { channel } from 'node:diagnostics_channel'
import type { Relation } from '../../schema/tables.ts'
import type { Timeframe } from '../../time.ts'
import type { RowCounts } from '../write/row-writer.ts'
import type { Conflict } from '../write/deduplicator.ts'
import { TypedEmitter } from './typed-emitter.ts'

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

/** The events of a manager and what they carry; each is also on `diagnostics_channel` as `pairduck:<name>`. */
export interface PairduckEvents {
  ticksStored: [event: { pair: string; counts: InsertCounts; newest: number }]
  /** Candles were given and stored; an import tells it of each of its batches. */
  candlesStored: [event: { pair: string; timeframe: Timeframe; counts: RowCounts }]
  conflict: [event: { pair: string; conflicts: readonly Conflict[] }]
  pairOpened: [event: { pair: string }]
  pairEvicted: [event: { pair: string; reason: 'idle' | 'room' }]
  pairQuarantined: [event: { pair: string; folder: string }]
  rowsLost: [event: { pair: string; relation: Relation; expectedRows: number; foundRows: number }]
  analyticsRefreshed: [event: RefreshResult]
  cleanupDone: [event: { results: readonly CleanupResult[]; tookMs: number }]
  error: [event: { pair?: string; error: unknown }]
}

const names: Readonly<Record<keyof PairduckEvents, true>> = {
  ticksStored: true,
  candlesStored: true,
  conflict: true,
  pairOpened: true,
  pairEvicted: true,
  pairQuarantined: true,
  rowsLost: true,
  analyticsRefreshed: true,
  cleanupDone: true,
  error: true,
}

/**
 * Tells listeners; one that throws or whose promise rejects, or none for `error`, never harms the
 * store: what went wrong is told to the `error` listeners, and what goes wrong there to nobody.
 */
export class Events extends TypedEmitter<PairduckEvents> {
  constructor() {
    super(Object.keys(names) as (keyof PairduckEvents)[])
  }

  tell<Name extends keyof PairduckEvents>(name: Name, event: PairduckEvents[Name][0]): void {
    const diagnostics = channel(`pairduck:${name}`)
    if (diagnostics.hasSubscribers) diagnostics.publish(event)
    if (this.listenerCount(name) === 0) return
    const failed = (error: unknown): void => {
      if (name !== 'error') this.tell('error', { error })
    }
    // Raw, because only the wrapper around a `once` listener takes it off the list.
    for (const listener of this.rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, this, [event])
        if (isThenable(result)) result.then(undefined, failed)
      } catch (error) {
        failed(error)
      }
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
