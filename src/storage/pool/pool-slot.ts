import { PairduckError } from '../../errors.ts'
import type { PairDatabase } from './pair-database.ts'

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
  /** False for what is no use of the pair: a cleanup that comes by must not keep it open for ever. */
  readonly renews?: boolean
}

/** A place of the pool, and the pair that has it. */
export interface Slot {
  readonly name: string
  leases: number
  readonly opened: Promise<PairDatabase>
  /** Set once closing has begun: the pair cannot be opened again before it has ended. */
  closed?: Promise<void>
  database?: PairDatabase
  /** How much longer it may be idle, when what held it last was no use of it. */
  idleMs?: number
}

/** After a full disk in a checkpoint: the last who holds it lets it be opened again. */
export function refuseBroken(slot: Slot): void {
  if (slot.database?.broken === true) throw brokenError(slot)
}

export function brokenError({ name }: Slot): PairduckError {
  return new PairduckError(
    'DISK_FULL',
    `${name}: the engine gave the file up in a checkpoint; it is opened again when nobody holds it`,
  )
}
