import { setTimeout as delay } from 'node:timers/promises'

/** Waits, or until the command is stopped. */
export async function pauseUntil(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
