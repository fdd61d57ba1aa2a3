import { expect, it, vi } from 'vitest'
import { MirrorListeners } from '../../../src/mirror/mirror-listeners.ts'

// An error that nobody catches fails the run: vitest sees to that.
it.each([
  [
    'throws',
    (): void => {
      throw new Error('listener')
    },
  ],
  ['rejects', async (): Promise<void> => Promise.reject(new Error('listener'))],
])('a listener that %s is told to those of `error`, and the others are called', async (_, bad) => {
  const listeners = new MirrorListeners()
  const [other, told] = [vi.fn<() => void>(), vi.fn<(error: unknown) => void>()]
  listeners.on('rewritten', bad)
  listeners.on('rewritten', other)
  listeners.on('error', bad)
  listeners.on('error', told)
  listeners.emit('rewritten', undefined)
  expect(other).not.toHaveBeenCalled()
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith(new Error('listener')), {
    timeout: 60_000,
  })
  expect(other).toHaveBeenCalledOnce()
  // Nor does what a listener of `error` throws come back to it.
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toHaveBeenCalledOnce()
})
