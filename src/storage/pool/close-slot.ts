import { setTimeout as delay } from 'node:timers/promises'
import type { Slot } from './pool-slot.ts'
import type { RestingPairs } from './resting-pairs.ts'

/** Who waits for a file tries it every 100 ms. */
const giveWayMs = 250

/** Closes the pair of a slot that is closed with all others, if it is not being closed already. */
export async function closeSlot(slot: Slot): Promise<void> {
  if (slot.closed !== undefined) return slot.closed
  const database = await slot.opened.catch(() => undefined)
  await database?.close()
}

/** The same for one that nobody has; what fails is told, since nobody waits for it. */
export async function closeRetired(
  slot: Slot,
  { resting, failed }: { resting: RestingPairs; failed: (error: unknown) => void },
): Promise<void> {
  try {
    const database = await slot.opened
    const memory = await database.close({ rests: slot.rests === true && resting.isOpen })
    if (memory !== undefined) await resting.add(database, memory)
  } catch (error) {
    failed(error)
  }
}

/** Leaves a file that was closed to another process that waits for it. */
export function giveWay(): Promise<void> {
  return delay(giveWayMs)
}
