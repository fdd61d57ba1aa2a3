import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Events } from '../../../src/storage/events/events.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const ignore = (): void => undefined
const opened = { pair: 'x/y/A' }

describe('a listener', () => {
  it('for one event hears one, and is gone', () => {
    const events = new Events()
    const heard: unknown[] = []
    events.once('pairOpened', (event) => heard.push(event))
    events.tell('pairOpened', opened)
    events.tell('pairOpened', { pair: 'x/y/B' })
    expect(heard).toEqual([opened])
    expect(events.listenerCount('pairOpened')).toBe(0)
  })

  it('is called as those of every emitter are', () => {
    const events = new Events()
    const self: unknown[] = []
    events.on('pairOpened', function (this: unknown) {
      self.push(this)
    })
    events.tell('pairOpened', opened)
    expect(self).toEqual([events])
  })

  it.each([
    ['throws', 'on'],
    ['rejects', 'on'],
    ['throws', 'once'],
    ['rejects', 'once'],
  ] as const)('that %s (%s) is told of as an error, and the others hear', async (how, add) => {
    const events = new Events()
    const error = new Error('mine')
    const heard: unknown[] = []
    const failing = (): unknown => {
      if (how === 'throws') throw error
      return Promise.reject(error)
    }
    events[add]('pairOpened', failing)
    events.on('pairOpened', (event) => heard.push(event))
    events.on('error', (event) => heard.push(event))
    events.tell('pairOpened', opened)
    await settle()
    expect(heard).toHaveLength(2)
    expect(heard).toEqual(expect.arrayContaining([opened, { error }]))
  })

  it('of errors that fails itself is told to nobody, and ends nothing', async () => {
    const events = new Events()
    let asked = 0
    events.on('error', () => {
      asked++
      throw new Error('also here')
    })
    const rejecting = (): unknown => {
      asked++
      return Promise.reject(new Error('and here'))
    }
    events.on('error', rejecting)
    events.tell('error', { error: new Error('first') })
    // A promise that nobody caught would fail the run.
    await settle()
    expect(asked).toBe(2)
  })
})

describe('the name of an event', () => {
  const adding = [
    'on',
    'addListener',
    'once',
    'prependListener',
    'prependOnceListener',
    'off',
    'removeListener',
  ] as const

  it.each(adding)('that is misspelt is refused by %s, naming the nearest', (method) => {
    const events = new Events()
    // @ts-expect-error the compiler refuses it too
    expect(() => events[method]('eror', () => undefined)).toThrow(
      new TypeError('unknown event `eror`: did you mean `error`?'),
    )
    expect(() => events[method]('error', () => undefined)).not.toThrow()
  })

  it('may be one of those by which an emitter tells of its listeners', () => {
    const events = new Events()
    const told: string[] = []
    events.on('newListener', (name) => told.push(`+${name}`))
    events.on('removeListener', (name) => told.push(`-${name}`))
    events.once('error', ignore).off('error', ignore)
    expect(told).toEqual(['+removeListener', '+error', '-error'])
  })

  it("is awaited by Node's own once", async () => {
    const events = new Events()
    const next = once(events, 'pairOpened')
    events.tell('pairOpened', opened)
    expect(await next).toEqual([opened])
    await expect(once(events, 'pairOpend')).rejects.toThrow('did you mean `pairOpened`?')
  })
})
