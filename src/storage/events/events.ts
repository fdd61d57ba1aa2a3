import { channel, type Channel } from 'node:diagnostics_channel'
import type { Gap } from '../../schema/gaps.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import type { Relation } from '../../schema/tables.ts'
import { withCode } from '../duckdb/duckdb-errors.ts'
import type { Timeframe } from '../../time.ts'
import { TypedEmitter } from './typed-emitter.ts'
import type { CleanupResult, Conflict, InsertCounts, RefreshResult, RowCounts } from './outcomes.ts'

/** The events of a manager and what they carry; each is also on `diagnostics_channel` as `pairduck:<name>`. */
export interface PairduckEvents {
  /**
   * A commit of ticks is durable. `newest` of all that is stored, `newestBefore` the commit (null:
   * nothing was), `oldest` of those that were given (Unix ms); `late`: the seconds before that of
   * `newestBefore` in which ticks were stored, as stretches from the first to the last of them.
   * `tookMs` since the first of its calls.
   */
  ticksStored: [
    event: {
      pair: string
      counts: InsertCounts
      newest: number
      newestBefore: number | null
      oldest: number
      late: readonly LateStretch[]
      tookMs: number
    },
  ]
  /**
   * A bar that the pair keeps candles of is closed: a tick of a later one is stored. Each bar once;
   * see `closedCandles` of `pairduck/record` for other lengths, and for what happened before.
   */
  candleClosed: [event: StoredBar]
  /** A tick came late and changed a bar that was closed. */
  candleCorrected: [event: StoredBar]
  /** Candles were given and stored; an import tells it of each of its batches. `oldest` of them (Unix ms). */
  candlesStored: [event: { pair: string; timeframe: Timeframe; counts: RowCounts; oldest: number }]
  /** Holes in the recorded trades were noted, or what is known of them changed; durable. */
  gapsStored: [event: { pair: string; gaps: readonly Gap[] }]
  /** Another trade came under an id that is stored; it was not stored. */
  conflict: [event: { pair: string; conflicts: readonly Conflict[] }]
  /** A pair's file was opened. */
  pairOpened: [event: { pair: string }]
  /** A pair's file was closed to make room, or because nobody used it. */
  pairEvicted: [event: { pair: string; reason: 'idle' | 'room' }]
  /** A pair's files were moved to quarantine. */
  pairQuarantined: [event: { pair: string; folder: string }]
  /**
   * A process or the power had gone in the middle of a write: bytes of a commit that was never
   * acknowledged were cut off the log, checksums of a checkpoint's blocks were made anew. What was
   * there before is in `folder`.
   */
  pairRecovered: [event: { pair: string; cutBytes: number; resealed: number; folder: string }]
  /** A file holds fewer rows than when it was last closed. */
  rowsLost: [event: { pair: string; relation: Relation; expectedRows: number; foundRows: number }]
  /** The kept analytics of a pair were brought up to date. */
  analyticsRefreshed: [event: RefreshResult]
  /** A cleanup of a pair has ended. */
  cleanupDone: [event: { results: readonly CleanupResult[]; tookMs: number }]
  /**
   * The store of another process answers again after the connection to it was away; what happened
   * meanwhile was not told. A manager never tells it.
   */
  reconnected: [event: { awayMs: number }]
  /** Something failed that no caller is told of. */
  error: [event: { pair?: string; error: unknown }]
}

/** Unix ms of the first and of the last of consecutive seconds in which ticks came late. */
export type LateStretch = readonly [first: number, last: number]

/** A bar as it is stored. */
export interface StoredBar {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** The length of the bar. */
  readonly timeframe: Timeframe
  /** The candle as it is stored. */
  readonly candle: StoredCandle
}

const names: Readonly<Record<keyof PairduckEvents, true>> = {
  ticksStored: true,
  candleClosed: true,
  candleCorrected: true,
  candlesStored: true,
  gapsStored: true,
  conflict: true,
  pairOpened: true,
  pairEvicted: true,
  pairQuarantined: true,
  pairRecovered: true,
  rowsLost: true,
  analyticsRefreshed: true,
  cleanupDone: true,
  reconnected: true,
  error: true,
}
export const eventNames = Object.keys(names) as (keyof PairduckEvents)[]

/** Events that cost a query each: they are told to those who ask for them. */
export const candleEventNames: readonly ('candleClosed' | 'candleCorrected')[] = [
  'candleClosed',
  'candleCorrected',
]

const channels = Object.fromEntries(
  eventNames.map((name) => [name, channel(`pairduck:${name}`)]),
) as Readonly<Record<keyof PairduckEvents, Channel>>

const heldBack = new WeakMap<Events, (() => void)[]>()

/** From now on nothing is told until {@link tellHeld}: nobody can listen yet. */
export function holdEvents(events: Events): void {
  heldBack.set(events, [])
}

/** Tells what was held back. */
export function tellHeld(events: Events): void {
  const held = heldBack.get(events) ?? []
  heldBack.delete(events)
  for (const tell of held) tell()
}

const watching = new WeakMap<Events, (event: PairduckEvents['ticksStored'][0]) => void>()

/** Shows each commit to the one who tells more of it, whatever listeners are taken off. */
export function watchCommits(
  events: Events,
  watcher: (event: PairduckEvents['ticksStored'][0]) => void,
): void {
  watching.set(events, watcher)
}

/** Whether anybody would be told. */
export function isHeard(events: Events, name: keyof PairduckEvents): boolean {
  return events.listenerCount(name) > 0 || channels[name].hasSubscribers
}

/**
 * Tells listeners; one that throws or whose promise rejects, or none for `error`, never harms the
 * store: what went wrong is told to the `error` listeners, and what goes wrong there to nobody.
 */
export class Events extends TypedEmitter<PairduckEvents> {
  constructor() {
    super(eventNames)
  }

  tell<Name extends keyof PairduckEvents>(name: Name, told: PairduckEvents[Name][0]): void {
    const held = heldBack.get(this)
    if (held !== undefined) {
      held.push(() => this.tell(name, told))
      return
    }
    const event = 'error' in told ? { ...told, error: withCode(told.error, subjectOf(told)) } : told
    if (name === 'ticksStored') watching.get(this)?.(event as PairduckEvents['ticksStored'][0])
    const diagnostics = channels[name]
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

function subjectOf({ pair }: { pair?: string }): string {
  return pair ?? 'pairduck'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
