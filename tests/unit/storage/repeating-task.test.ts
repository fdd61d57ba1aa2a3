import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RepeatingTask } from '../../../src/storage/upkeep/repeating-task.ts'

/** Passes that last until they are ended by hand. */
function passes(): {
  timer: RepeatingTask
  begun: AbortSignal[]
  most: () => number
  end: (how?: Error) => Promise<void>
  errors: unknown[]
} {
  const begun: AbortSignal[] = []
  const open: { resolve: () => void; reject: (error: Error) => void }[] = []
  const errors: unknown[] = []
  let most = 0
  const timer = new RepeatingTask(
    (signal) => {
      begun.push(signal)
      return new Promise<void>((resolve, reject) => {
        open.push({ resolve, reject })
        most = Math.max(most, open.length)
      })
    },
    (error) => errors.push(error),
  )
  const end = async (how?: Error): Promise<void> => {
    const pass = open.shift()!
    if (how === undefined) pass.resolve()
    else pass.reject(how)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { timer, begun, most: () => most, end, errors }
}

describe('the cleanup timer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('makes the next pass `everyMs` after the end of the one before', async () => {
    const { timer, begun, end, most } = passes()
    timer.start(1000)
    await vi.advanceTimersByTimeAsync(999)
    expect(begun).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(begun).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(begun).toHaveLength(1)
    await end()
    await vi.advanceTimersByTimeAsync(999)
    expect(begun).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(begun).toHaveLength(2)
    expect(most()).toBe(1)
  })

  it('goes on after a pass that failed, and tells of it', async () => {
    const { timer, begun, end, errors } = passes()
    timer.start(1000)
    await vi.advanceTimersByTimeAsync(1000)
    const failure = new Error('no disk')
    await end(failure)
    expect(errors).toEqual([failure])
    await vi.advanceTimersByTimeAsync(1000)
    expect(begun).toHaveLength(2)
  })

  it('waits for the pass in flight when it is stopped, and tells that pass', async () => {
    const { timer, begun, end } = passes()
    timer.start(1000)
    await vi.advanceTimersByTimeAsync(1000)
    let stopped = false
    const stopping = timer.stop().then(() => (stopped = true))
    await vi.advanceTimersByTimeAsync(5000)
    expect(begun[0]!.aborted).toBe(true)
    expect(stopped).toBe(false)
    await end()
    await stopping
    await vi.advanceTimersByTimeAsync(5000)
    expect(begun).toHaveLength(1)
  })

  it('never makes two passes at once, however it is started anew', async () => {
    const { timer, begun, end, most } = passes()
    timer.start(1000)
    await vi.advanceTimersByTimeAsync(1000)
    timer.start(100)
    await vi.advanceTimersByTimeAsync(500)
    void timer.stop()
    timer.start(200)
    await vi.advanceTimersByTimeAsync(1000)
    expect(begun).toHaveLength(1)
    await end()
    await vi.advanceTimersByTimeAsync(1000)
    expect(begun).toHaveLength(2)
    await end()
    await vi.advanceTimersByTimeAsync(200)
    expect(begun).toHaveLength(3)
    // One chain only: another one would wait for this pass, and make its own right behind it.
    await vi.advanceTimersByTimeAsync(1000)
    await end()
    expect(begun).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(200)
    expect(begun).toHaveLength(4)
    expect(most()).toBe(1)
  })

  it('can be stopped when it never began', async () => {
    await expect(passes().timer.stop()).resolves.toBeUndefined()
  })
})
