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
