import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/**
 * The most time of the processor, in ms, that this thread took between two turns of its event loop
 * while `work` ran. What blocks the loop by itself shows here; a machine that gives the thread no
 * turn does not. Without /proc it is the time that went by, other programs' included.
 */
export async function longestTurnDuring(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let before = threadMs()
  let isOver = false
  const look = (): void => {
    const now = threadMs()
    longest = Math.max(longest, now - before)
    before = now
    if (!isOver) setTimeout(look, 1)
  }
  look()
  try {
    await work()
  } finally {
    isOver = true
  }
  return longest
}

/** CPU time of the main thread, which has the number of its process. */
const ownTime = `/proc/self/task/${process.pid}/schedstat`

function threadMs(): number {
  try {
    return Number.parseInt(readFileSync(ownTime, 'utf8'), 10) / 1e6
  } catch {
    return performance.now()
  }
}
