import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { FillInput } from '../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { historySymbols, orderHistories, truthOf } from './order-histories.ts'
import type { Histories, OrderTruth } from './order-histories.ts'
import { checkForward } from './strict-order.ts'
import { startValkey } from './valkey.ts'
import { readWhole } from './whole-mirror.ts'
import type { WholeMirror, WholeReader } from './whole-mirror.ts'

const ordersPerRound = 500

/**
 * Mirrors rounds of 500 random histories, a fifth of which nobody listens to: what becomes of those
 * is told by lists of closed orders in every other round, else by their trades alone. A reader looks
 * on all the time; the final truth is the only oracle. Gives how often it looked.
 */
export async function playHistories(rounds: number, seed: number): Promise<number> {
  await using server = await startValkey()
  await using reader = await readWhole(server.port)
  const shape = { minLength: ordersPerRound, maxLength: ordersPerRound }
  const histories = fc.sample(fc.array(orderHistories({ maxOrders: 1 }), shape), {
    numRuns: rounds,
    seed,
  })
  let reads = 0
  for (const [round, drawn] of histories.entries()) {
    const all = drawn.map((history, index) => withId(history, `o${index}`))
    const heard = shuffleTogether(all.filter((_, index) => index % 5 > 0))
    const unseen = all.filter((_, index) => index % 5 === 0)
    await reader.send('FLUSHALL')
    await using mirror = await ValkeyMirror.open({ url: server.url })
    let done = false
    const watching = watchWhole(reader, () => done)
    await applyAll(mirror, heard)
      .then(() => catchUp(mirror, all, unseen, round % 2 === 0))
      .finally(() => (done = true))
    reads += await watching
    const whole = await reader.read(historySymbols)
    const truths = new Map(all.flatMap(({ truths }) => truths).map((truth) => [truth.id, truth]))
    expect(whole.orders.size, `seed ${seed}`).toBe(ordersPerRound)
    for (const [id, order] of whole.orders)
      expect(truthOf(order), `seed ${seed}`).toEqual(truths.get(id))
  }
  return reads
}

/** One reconcile, which has to find whatever opened and closed unseen. */
async function catchUp(
  mirror: ValkeyMirror,
  all: readonly Histories[],
  unseen: readonly Histories[],
  byList: boolean,
): Promise<void> {
  const last = new Map(all.map((history) => [history.truths[0]!.id, lastEvent(history)]))
  const listed = unseen.filter((history) => byList || !isTraded(history))
  const traded = unseen.filter(isTraded)
  const result = await mirror.reconcile(
    {
      openOrders: [...last.values()].filter(({ status }) => status === 'open'),
      closedOrders: listed.map(lastEvent).filter(({ status }) => status !== 'open'),
      fills: traded.map(({ truths: [truth], events: [event] }) => fillOf(truth!, event!)),
    },
    async (id) => last.get(id),
  )
  expect([result.refused, result.absent, result.unresolved]).toEqual([[], [], []])
}

function isTraded({ truths: [truth] }: Histories): boolean {
  return Number(truth!.filled) > 0
}

/** The event that says most of a history of one order. */
function lastEvent({ events }: Histories): OrderInput {
  return events.reduce((a, b) => {
    const later = Number(b.lastUpdateTimestamp) - Number(a.lastUpdateTimestamp)
    return later > 0 ? b : a
  })
}

/** One trade for all that was filled. */
function fillOf(truth: OrderTruth, { side, price }: OrderInput): FillInput {
  return {
    id: `t-${truth.id}`,
    order: truth.id,
    symbol: truth.symbol,
    side,
    price,
    amount: truth.filled,
    fee: { cost: truth.fee, currency: 'BNB' },
    timestamp: Number(truth.updatedMs),
  }
}

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
