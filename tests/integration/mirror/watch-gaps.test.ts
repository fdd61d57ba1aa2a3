import { expect, test } from 'vitest'
import { withPlainClient } from '../../../src/valkey/local/plain-client.ts'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { emptyValkey } from '../../support/valkey.ts'

// A message and the state that it tells of come on two connections: one may overtake the other.
test('a watcher takes only what was really missed for a gap', async () => {
  await using server = await emptyValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  await using reader = await MirrorReader.open({ url: server.url })
  const last = 300
  const types: string[] = []
  const watching = (async () => {
    for await (const event of reader.watch()) {
      types.push(event.type === 'snapshot' ? event.reason : event.type)
      const price = (await reader.getTicker('BTC/USDT'))?.price
      if (price === `${last}.5`) return
    }
  })()
  for (let step = 1; step <= last; step++)
    await mirror.applyTicker({ symbol: 'BTC/USDT', price: `${step}.5`, timestamp: step })
  await watching
  expect(types.filter((type) => type !== 'change')).toEqual(['start'])
})

test('a watcher that missed a message begins anew', async () => {
  await using server = await emptyValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  await using reader = await MirrorReader.open({ url: server.url })
  expect(() => reader.watch({ heartBeatMs: 50 } as never)).toThrow('did you mean `heartbeatMs`')
  const events = reader.watch({ heartbeatMs: 50 })
  expect((await events.next()).value).toMatchObject({ reason: 'start' })
  // As if the message had been lost on its way.
  await withPlainClient(server, (send) => send('INCR', 'mirror:sequence'))
  expect((await events.next()).value).toMatchObject({ type: 'snapshot', reason: 'gap' })
  await events.return()
  expect(mirror.pending).toBe(0)
})
