import { closeSync, openSync, readSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

export interface EventLoopLoad {
  /** Share of the time in which the loop was not waiting, 0 to 1. */
  readonly utilisation: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/**
 * How busy the event loop was, and how late a timer of 1 ms came, while `work` ran. An idle loop
 * shows a p99 of a little over 1 ms: compare with one measured in the same run.
 */
export async function eventLoopDuring(work: () => Promise<unknown>): Promise<EventLoopLoad> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const before = performance.eventLoopUtilization()
  delay.enable()
  try {
    await work()
  } finally {
    delay.disable()
  }
  const { utilization } = performance.eventLoopUtilization(before)
  return {
    utilisation: utilization,
    p50Ms: delay.percentile(50) / 1e6,
    p99Ms: delay.percentile(99) / 1e6,
    maxMs: delay.max / 1e6,
  }
}

/**
 * Watches for the longest time in which the event loop did not come to a timer of 1 ms, less what
 * the thread waited for a core meanwhile: on a busy machine an idle loop "blocks" for 100 ms. The
 * wait is known on Linux alone; elsewhere it counts. The answer ends the watch.
 */
export function watchBlocks(): () => number {
  const waited = openCoreWaits()
  let longest = 0
  let before = { at: performance.now(), waited: waited.readMs() }
  const look = setInterval(() => {
    const now = { at: performance.now(), waited: waited.readMs() }
    longest = Math.max(longest, now.at - before.at - (now.waited - before.waited))
    before = now
  }, 1)
  return () => {
    clearInterval(look)
    waited.close()
    return longest
  }
}

/** How long this thread was ready to run and had no core: the second figure of its schedstat. */
function openCoreWaits(): { readMs(): number; close(): void } {
  if (process.platform !== 'linux') return { readMs: () => 0, close: () => undefined }
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  const text = Buffer.alloc(128)
  return {
    readMs: () =>
      Number(text.toString('latin1', 0, readSync(file, text, 0, 128, 0)).split(' ')[1]) / 1e6,
    close: () => closeSync(file),
  }
}
