import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { historySymbols, orderHistories, truthOf } from '../../support/order-histories.ts'
import type { Histories } from '../../support/order-histories.ts'
import { checkForward } from '../../support/strict-order.ts'
import { startValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'
import type { WholeMirror, WholeReader } from '../../support/whole-mirror.ts'

const rounds = 20
const ordersPerRound = 500

/** Filled amounts never fall, what has ended stays ended, and no order goes away. */
function expectOnlyForward(before: WholeMirror, after: WholeMirror): void {
  for (const [id, order] of before.orders) {
    const later = after.orders.get(id)
    if (later === undefined) throw new Error(`${id} is gone`)
    checkForward(order, later)
  }
}

async function watchWhole(reader: WholeReader, done: () => boolean): Promise<number> {
  let before = await reader.read(historySymbols)
  let reads = 1
  while (!done()) {
    const after = await reader.read(historySymbols)
    expectOnlyForward(before, after)
    before = after
    reads += 1
    await setImmediate()
  }
  return reads
}

/** Events go out one by one and in batches, many calls at a time. */
async function applyAll(mirror: ValkeyMirror, { events }: Histories): Promise<void> {
  const calls: Promise<unknown>[] = []
  for (let at = 0, size = 1; at < events.length; at += size, size = (size * 7) % 40 || 1) {
    const slice = events.slice(at, at + size)
    calls.push(size === 1 ? mirror.applyOrder(slice[0]!) : mirror.applyOrders(slice))
    if (calls.length >= 16) await Promise.all(calls.splice(0))
  }
  await Promise.all(calls)
}

describe('random histories', () => {
  it(`mirrors ${rounds * ordersPerRound} of them to the truth, whole at every moment`, async () => {
    await using server = await startValkey()
    await using reader = await readWhole(server.port)
    const seed = Number(process.env['PAIRDUCK_SEED'] ?? Date.now() % 2 ** 31)
    const histories = fc.sample(
      fc.array(orderHistories({ maxOrders: 1 }), {
        minLength: ordersPerRound,
        maxLength: ordersPerRound,
      }),
      { numRuns: rounds, seed },
    )
    let reads = 0
    for (const round of histories) {
      const renamed = round.map((history, index) => withId(history, `o${index}`))
      const merged = shuffleTogether(renamed)
      await reader.send('FLUSHALL')
      const mirror = await ValkeyMirror.open({ url: server.url })
      let done = false
      const watching = watchWhole(reader, () => done)
      await applyAll(mirror, merged).finally(() => {
        done = true
      })
      reads += await watching
      await mirror.close()
      const whole = await reader.read(historySymbols)
      const truths = new Map(merged.truths.map((truth) => [truth.id, truth]))
      expect(whole.orders.size, `seed ${seed}`).toBe(ordersPerRound)
      for (const [id, order] of whole.orders)
        expect(truthOf(order), `seed ${seed}`).toEqual(truths.get(id))
    }
    expect(reads).toBeGreaterThan(rounds * 2)
  })
})

function withId({ truths, events }: Histories, id: string): Histories {
  return {
    truths: truths.map((truth) => ({ ...truth, id })),
    events: events.map((event) => ({ ...event, id })),
  }
}

/** One event of each history in turn, so that all orders live at the same time. */
function shuffleTogether(histories: readonly Histories[]): Histories {
  const events = []
  for (let at = 0; histories.some((history) => at < history.events.length); at++)
    for (const history of histories)
      if (at < history.events.length) events.push(history.events[at]!)
  return { truths: histories.flatMap(({ truths }) => truths), events }
}
