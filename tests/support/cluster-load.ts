import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import {
  clusterState,
  Producer,
  type SendOptions,
  type ValkeyClient,
} from '../../src/cluster/index.ts'
import { DatabaseManager, PairduckError, query, type Tick } from '../../src/index.ts'

const pauseAfterFailureMs = 200

/** Numbered ticks of one pair, 10 ms apart. */
export function clusterTicks(from: number, count: number): Tick[] {
  const begin = Date.UTC(2026, 0, 1)
  return Array.from({ length: count }, (_, at) => ({
    timestamp: begin + (from + at) * 10,
    price: 100 + ((from + at) % 7),
    volume: 1,
    side: (from + at) % 2 === 0 ? 'BUY' : 'SELL',
    tradeId: String(from + at + 1),
  }))
}

/** Producers that write to all pairs of a cluster, every fifth call twice, until they are stopped. */
export class ClusterLoad {
  readonly producer: Producer
  readonly #client: ValkeyClient
  readonly #slots: number
  readonly #sent: Map<string, number>
  readonly #production = new AbortController()
  readonly #producing: Promise<unknown>

  constructor(client: ValkeyClient, of: { slots: number; pairs: number; pauseMs: number }) {
    this.#client = client
    this.#slots = of.slots
    this.producer = new Producer({ client, slots: of.slots })
    const pairs = Array.from({ length: of.pairs }, (_, at) => `sim/spot/P${at}`)
    this.#sent = new Map(pairs.map((pair) => [pair, 0]))
    this.#producing = Promise.all(pairs.map((pair) => this.#produce(pair, of.pauseMs)))
  }

  /** Until just these workers hold all slots; gives how long that took, in ms. */
  async settled(names: readonly string[]): Promise<number> {
    const begin = performance.now()
    await expectOwners(this.#client, this.#slots, [...names].sort())
    return performance.now() - begin
  }

  /** Ends the producers, and waits until all that they sent is stored. */
  async drained(): Promise<void> {
    this.#production.abort()
    await this.#producing
    await expectNoneWaiting(this.#client, this.#slots)
  }

  /** Sends one tick more, and waits until it is stored. */
  async sendLast(pair: string): Promise<string> {
    const from = this.#sent.get(pair)!
    const { id } = await this.producer.insertTicks(pair, clusterTicks(from, 1), { until: 'stored' })
    this.#sent.set(pair, from + 1)
    return id
  }

  /** Every tick that was sent is in the files, once; gives how many there are. */
  async expectStored(dataDir: string): Promise<number> {
    const db = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
    try {
      const counted = query<{ rows: number; ids: number; highest: number }>(
        'count',
        `SELECT count(*) AS rows, count(DISTINCT trade_id) AS ids, max(trade_id::BIGINT) AS highest FROM ticks`,
      )
      for (const [pair, count] of this.#sent) {
        expectRow(pair, await db.query(pair, counted), { rows: count, ids: count, highest: count })
      }
      return [...this.#sent.values()].reduce((sum, count) => sum + count, 0)
    } finally {
      await db.close()
    }
  }

  async #produce(pair: string, pauseMs: number): Promise<void> {
    while (!this.#production.signal.aborted) {
      const from = this.#sent.get(pair)!
      const ticks = clusterTicks(from, 20)
      const isFifth = (from / 20) % 5 === 0
      await this.#send(pair, ticks)
      // As after a lost answer. It waits for the worker: on a slow machine a log that nobody waits
      // for grows until closing a pair takes longer than anybody looks on.
      if (isFifth) await this.#send(pair, ticks, { until: 'stored' })
      this.#sent.set(pair, from + 20)
      await setTimeout(pauseMs)
    }
  }

  /** Sends again what the server did not answer, as the documentation says. */
  async #send(pair: string, ticks: readonly Tick[], options?: SendOptions): Promise<void> {
    for (;;)
      try {
        await this.producer.insertTicks(pair, ticks, options)
        return
      } catch (error) {
        // It is in the log, and its pair's worker slow or stopped.
        if (PairduckError.is(error, 'ABORTED')) return
        if (!PairduckError.is(error, 'VALKEY_UNREACHABLE')) throw error
        await setTimeout(pauseAfterFailureMs)
      }
  }
}

async function expectOwners(client: ValkeyClient, slots: number, names: string[]): Promise<void> {
  const owners = async (): Promise<object> => {
    const { members, unowned } = await clusterState({ client, slots })
    const holding = members.filter(({ slots: held }) => held > 0)
    return { unowned, holding: holding.map(({ member }) => member).sort() }
  }
  // A worker closes fifty files before it gives its slots up, and a busy disk takes its time for that.
  const asked = { timeout: 240_000, interval: 50 }
  await expect.poll(owners, asked).toEqual({ unowned: 0, holding: names })
}

async function expectNoneWaiting(client: ValkeyClient, slots: number): Promise<void> {
  const waiting = async (): Promise<number> => {
    const { members, unownedWaiting } = await clusterState({ client, slots })
    return members.reduce((sum, member) => sum + member.waiting, unownedWaiting)
  }
  await expect.poll(waiting, { timeout: 240_000 }).toBe(0)
}

function expectRow(pair: string, [row]: readonly object[], expected: object): void {
  expect([pair, row]).toEqual([pair, expected])
}
