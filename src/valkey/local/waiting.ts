import { setTimeout as delay } from 'node:timers/promises'

/** Looks every 50 ms until `look` finds something; undefined when `timeoutMs` have passed first. */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  timeoutMs: number,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined || performance.now() > deadline) return found
    await delay(50)
  }
}

/** Whether a process is there, be it another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
