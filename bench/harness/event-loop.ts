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

/** The longest time, in ms, in which an event loop did not come to a timer of 1 ms. */
export interface LongestBlocks {
  /** Less what the thread waited for a core meanwhile: on a busy machine an idle loop "blocks" for 100 ms. */
  readonly lessWaitsMs: number
  /** What the thread itself worked in it: without any waits, for other threads of the process too. */
  readonly ownMs: number
}

/**
 * Watches for blocks of the event loop. Waits and own time are known on Linux alone; elsewhere all
 * that passes counts. The answer ends the watch.
 */
export function watchBlocks(): () => LongestBlocks {
  const thread = openThreadTimes()
  const longest = { lessWaitsMs: 0, ownMs: 0 }
  const read = () => ({ at: performance.now(), ...thread.read() })
  let before = read()
  const look = setInterval(() => {
    const now = read()
    const passed = now.at - before.at
    const less = passed - (now.waitedMs - before.waitedMs)
    longest.lessWaitsMs = Math.max(longest.lessWaitsMs, less)
    longest.ownMs = Math.max(longest.ownMs, Math.min(passed, now.ranMs - before.ranMs))
    before = now
  }, 1)
  return () => {
    clearInterval(look)
    thread.close()
    return longest
  }
}

/** How long this thread ran, and was ready to run and had no core: the figures of its schedstat. */
function openThreadTimes(): { read(): { ranMs: number; waitedMs: number }; close(): void } {
  if (process.platform !== 'linux')
    return { read: () => ({ ranMs: performance.now(), waitedMs: 0 }), close: () => undefined }
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  const text = Buffer.alloc(128)
  return {
    read: () => {
      const figures = text.toString('latin1', 0, readSync(file, text, 0, 128, 0)).split(' ')
      return { ranMs: Number(figures[0]) / 1e6, waitedMs: Number(figures[1]) / 1e6 }
    },
    close: () => closeSync(file),
  }
}
