import { PairduckError } from '../../errors.ts'
import type { PairDatabase } from './pair-database.ts'
import type { WaitReason } from './waiting-line.ts'

export interface PoolOptions {
  readonly maxConnections: number
  readonly maxWaiting: number
  readonly acquireTimeoutMs: number
  readonly idleCloseMs: number
}

export interface SlotOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

export interface UseOptions {
  /** False for a scheduled cleanup: it must not keep an unused pair open for ever. */
  readonly renews?: boolean
  /** The caller has a lease of it: for him it is not being closed. */
  readonly joins?: boolean
  /** Ends the wait for it. */
  readonly signal?: AbortSignal | undefined
  /** How long it may be idle after this use, when nobody else comes. */
  readonly idleMs?: number
}

/** A place of the pool, and the pair that has it. */
export interface Slot {
  readonly name: string
  leases: number
  readonly opened: Promise<PairDatabase>
  /** Set once closing has begun: the pair cannot be opened again before it has ended. */
  closed?: Promise<void>
  database?: PairDatabase
  /** It is closed to make room: then the pair rests, and what only writes waits for that. */
  rests?: boolean | undefined
  /** Calls that wait for that, the first first; they go on before anybody hears of it, who might call, too. */
  readonly waiters?: (() => void)[]
  /** Of a pair whose file is kept closed: what is done to it meanwhile. */
  readonly work?: string
  /** It is closed as soon as its leases have ended: another process waits to write to its file. */
  draining?: boolean
  /** How much longer it may be idle, when a scheduled cleanup held it last. */
  idleMs?: number | undefined
}

/** What is being closed, or was given up by the engine, is waited for until it is opened anew. */
export function isUsable(slot: Slot): boolean {
  return slot.closed === undefined && slot.database?.broken !== true
}

/** Whether a caller may have it now, who has no lease of it. */
export function isLendable(slot: Slot): boolean {
  return isUsable(slot) && slot.draining !== true
}

/** Whether its place will come free by itself, and soon: not while somebody holds it. */
export function isLeaving(slot: Slot): boolean {
  return slot.closed !== undefined && slot.work === undefined
}

/** How often it is looked for what is idle. */
export function sweepMs({ idleCloseMs }: PoolOptions): number {
  return Math.min(15_000, Math.max(50, idleCloseMs / 4))
}

/** How many of the slots have a pair that is being closed. */
export function countLeaving(slots: ReadonlyMap<string, Slot>): number {
  return [...slots.values()].filter((slot) => isLeaving(slot)).length
}

/** The slot of a pair, if there is one; `PAIR_LOCKED` where its file cannot be closed now. */
export function refuseInUse(slot: Slot | undefined): Slot | undefined {
  if (slot === undefined || (slot.leases === 0 && slot.closed === undefined)) return slot
  throw new PairduckError('PAIR_LOCKED', `${slot.name} is in use in this process`, {
    pid: process.pid,
  })
}

/** Why a call does not wait as well. */
export function tooManyWait({ code, subject }: WaitReason, most: number): PairduckError {
  return new PairduckError(code, `${subject}; ${most} callers wait already (\`maxWaiting\`)`)
}

/** Whether it is open, and nobody of this process has written to it. */
export function isOnlyRead(slot: Slot): boolean {
  return isLendable(slot) && slot.database?.isWrittenHere === false
}

/** A place whose file is never opened, and counts as closed when some work on it has ended. */
export function closedFor(name: string, working: Promise<unknown>, work: string): Slot {
  const closed = Promise.allSettled([working]).then(() => undefined)
  return { name, leases: 0, opened: new Promise<never>(() => undefined), closed, work }
}

export type OnceRests<T> = [work: () => Promise<T>, beforeWaiting?: () => void]

/**
 * Does work when a pair rests whose file is being closed to make room; undefined for others. Where
 * `beforeWaiting` throws, nothing waits.
 */
export function onceRests<T>(
  slot: Slot | undefined,
  ...[work, beforeWaiting]: OnceRests<T>
): Promise<T> | undefined {
  if (slot?.rests !== true) return undefined
  beforeWaiting?.()
  return new Promise((resolve, reject) => {
    slot.waiters!.push(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
  })
}

/** Whether who waits for this very pair waits for something that ends nobody knows when. */
export function isHeld(slot: Slot | undefined): boolean {
  return slot !== undefined && !isLeaving(slot)
}

/** Why a call waits for a pair: its own file is not to be had now, or no place is free. */
export function waitReason(name: string, slot: Slot | undefined, places: number): WaitReason {
  if (slot?.work !== undefined)
    return { code: 'PAIR_LOCKED', subject: `${name}: this process is at its file (${slot.work})` }
  if (slot?.database?.broken === true)
    return {
      code: 'IO_FAILED',
      subject: `${name}: the engine gave its file up; it is opened again when nobody holds it`,
    }
  const subject =
    slot?.closed !== undefined
      ? `${name}: its file is being closed, and is opened again after that`
      : slot?.draining === true
        ? `${name}: its file goes to another process that waits to write to it, as soon as nobody holds it here`
        : `all ${places} connections are in use and ${name} needs one`
  return { code: 'POOL_EXHAUSTED', subject }
}
