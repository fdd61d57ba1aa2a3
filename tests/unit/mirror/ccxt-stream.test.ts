import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ccxtStream } from '../../../src/mirror/ccxt/ccxt-stream.ts'
import { untilAborted } from '../../../src/until-aborted.ts'

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('ccxtStream', () => {
  it('leaves no listener on the signal and holds no batch, however many there were', async () => {
    const { signal } = new AbortController()
    const batches: WeakRef<object>[] = []
    let count = 0
    const next = async (): Promise<object[]> => {
      const batch = [{ id: count }]
      batches.push(new WeakRef(batch))
      return batch
    }
    for await (const [item] of ccxtStream(signal, next)) {
      expect(item).toEqual({ id: count })
      expect(listenersOf(signal)).toBe(0)
      if (++count === 1_000) break
    }
    // The collector decides when, so it is pressed until it has: a leak would keep them all.
    await expect
      .poll(
        () => {
          pressCollector()
          return batches.filter((batch) => batch.deref() !== undefined).length
        },
        { timeout: 20_000 },
      )
      .toBeLessThan(500)
  })

  it('passes on only what is wanted, and ends with the signal though the call hangs', async () => {
    const stopping = new AbortController()
    const answers = [Promise.resolve(['a', 'b']), new Promise<string[]>(() => undefined)]
    const got: string[] = []
    const next = (): Promise<string[]> => answers.shift()!
    for await (const items of ccxtStream(stopping.signal, next, (item) => item === 'b')) {
      got.push(...items)
      queueMicrotask(() => stopping.abort())
    }
    expect(got).toEqual(['b'])
    expect(listenersOf(stopping.signal)).toBe(0)
  })
})

describe('untilAborted', () => {
  it('rejects with the reason when the signal was there first, and passes failures on', async () => {
    await expect(
      untilAborted(new Promise(() => undefined), AbortSignal.abort(new Error('enough'))),
    ).rejects.toThrow('enough')
    const { signal } = new AbortController()
    await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow(
      'broken',
    )
    expect(listenersOf(signal)).toBe(0)
  })
})

function pressCollector(): void {
  for (let i = 0; i < 50; i++) Array.from({ length: 100_000 }, () => [i])
}
