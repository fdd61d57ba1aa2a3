import { setImmediate } from 'node:timers/promises'

/**
 * Gives timers and connections their turn of the event loop. One immediate is not enough: asked for
 * while data comes in, it comes before both, and what was done before and after it is one block.
 */
export async function wholeTurn(): Promise<void> {
  await setImmediate()
  await setImmediate()
}
