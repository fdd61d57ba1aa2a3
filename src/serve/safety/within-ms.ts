import { setTimeout as sleep } from 'node:timers/promises'

/** What work gives, or undefined where it takes longer. */
export async function withinMs<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController()
  const late = sleep(ms, undefined, { signal: done.signal, ref: false }).catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}
