import { expect, it } from 'vitest'
import { closeExchange } from '../../../src/record/close-exchange.ts'
import type { RecordEvent } from '../../../src/record/record-events.ts'
import type { TradeExchange } from '../../../src/record/trade-exchange.ts'

/** An exchange object whose closings end when the test says so. */
function stuckExchange(): { exchange: TradeExchange; ends: (() => void)[] } {
  const ends: (() => void)[] = []
  const exchange = {
    close: () => new Promise<void>((resolve) => ends.push(resolve)),
  } as unknown as TradeExchange
  return { exchange, ends }
}

function told(): { events: RecordEvent[]; tell: (event: RecordEvent) => void } {
  const events: RecordEvent[] = []
  return { events, tell: (event) => void events.push(event) }
}

it('closes an object once for all that ask at a time', async () => {
  const { exchange, ends } = stuckExchange()
  const { events, tell } = told()
  const both = [closeExchange(exchange, tell), closeExchange(exchange, tell)]
  for (const end of ends) end()
  await Promise.all(both)
  expect([ends.length, events]).toEqual([1, []])
})

it('leaves one that does not close in time, tells it once, and closes it anew when it has', async () => {
  const { exchange, ends } = stuckExchange()
  const { events, tell } = told()
  await Promise.all([closeExchange(exchange, tell, 10), closeExchange(exchange, tell, 10)])
  // A second closing could end what was opened meanwhile.
  await closeExchange(exchange, tell, 10)
  const error = new Error('an exchange object did not close within 10 ms')
  expect([ends.length, events]).toEqual([1, [{ type: 'error', pair: null, error }]])
  ends[0]!()
  await Promise.resolve()
  const again = closeExchange(exchange, tell)
  expect(ends).toHaveLength(2)
  ends[1]!()
  await again
  expect(events).toHaveLength(1)
})

it('takes one that cannot be closed, or fails to, for closed', async () => {
  const { events, tell } = told()
  await closeExchange({} as TradeExchange, tell)
  const failing = { close: () => Promise.reject(new Error('of the socket')) }
  await closeExchange(failing as unknown as TradeExchange, tell)
  expect(events).toEqual([])
})
