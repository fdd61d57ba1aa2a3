/** The mirror's time. Given in place of the machine's, hours of a run pass as fast as one likes. */
export interface MirrorClock {
  /** Unix ms: what is told to people, and how far back is looked; no event is ordered by it. */
  now(): number
  /** Milliseconds that never go back: how long something has taken. */
  monotonicMs(): number
  /** Calls back once, after so long; the returned function calls it off. */
  schedule(ms: number, action: () => void): () => void
}

/** The machine's clocks. */
export const systemClock: MirrorClock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (ms, action) => {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}

/** Resolves after so long, or at the end of `signal`. */
export async function pause(clock: MirrorClock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.schedule(ms, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}
