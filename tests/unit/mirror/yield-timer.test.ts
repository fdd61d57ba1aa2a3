import { expect, it } from 'vitest'
import { readFill } from '../../../src/mirror/model/fill.ts'
import { decodeFill, encodeFill } from '../../../src/mirror/stored/fill-json.ts'
import { allReadable } from '../../../src/mirror/stored/stored-value.ts'

it('decodes a long list in many turns of the event loop, in order', async () => {
  const json = Array.from({ length: 20_000 }, (_, index) =>
    encodeFill(
      readFill(
        {
          id: `t${index}`,
          order: '9',
          symbol: 'BTC/USDT',
          side: 'buy',
          price: '2.5',
          amount: '1',
          timestamp: 1_700_000_000_000,
        },
        false,
      ),
    ),
  )
  let turns = 0
  let listening = true
  const count = (): void => {
    turns += 1
    if (listening) setImmediate(count)
  }
  setImmediate(count)
  const fills = await allReadable([...json, 'garbage', null], decodeFill)
  listening = false
  expect(fills.map(({ id }) => id)).toEqual(json.map((_, index) => `t${index}`))
  expect(turns).toBeGreaterThan(4)
})
