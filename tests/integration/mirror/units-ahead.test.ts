import { describe, expect, it } from 'vitest'
import type { ValkeyClient } from '../../../src/valkey/valkey-client.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { meddlingClient } from '../../support/meddling-client.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const symbols = ['BTC/USDT']
const later = { lastUpdateTimestamp: 1_700_000_000_100 }
const ids = Array.from({ length: 750 }, (_, index) => String(index))
/** Each order with its end, which most times is in the unit right behind. */
const events = [
  ...ids.map((id) => openOrder(id)),
  ...ids.map((id) => openOrder(id, { ...later, status: 'canceled', comment: `ended ${id}` })),
]

type Meddle = (unit: number, client: ValkeyClient) => Promise<unknown>

/** What one call with all events leaves behind, and in how many units. */
async function applied(meddle: Meddle): Promise<{ state: unknown; units: number }> {
  await using server = await emptyValkey()
  await using reader = await readWhole(server.port)
  const client = await meddlingClient(server.url, meddle)
  const mirror = await ValkeyMirror.open({ client })
  await mirror.applyOrder(openOrder('first'))
  const before = client.units
  await mirror.applyOrders(events)
  const { orders, open } = await reader.read(symbols)
  const state = [...orders].sort(([a], [b]) => (a < b ? -1 : 1))
  await mirror.close()
  await client.close()
  return { state: { open: [...open], orders: state }, units: client.units - before }
}

describe('a call of several units', () => {
  it('plans each upon the one before it, which is still under way then', async () => {
    // Planned upon anything else, the ends would be refused by the server, and sent again.
    const { state, units } = await applied(async () => undefined)
    expect(units).toBe(events.length / 500)
    expect(state).toMatchObject({ open: ['first'], orders: { length: ids.length + 1 } })
  })

  it('checks, plans and encodes a whole unit in a turn of the event loop each', async () => {
    await using server = await emptyValkey()
    let turns = 0
    let turnsBefore = 0
    const client = await meddlingClient(server.url, async () => {
      turnsBefore = turns
    })
    const mirror = await ValkeyMirror.open({ client })
    let goesOn = true
    const count = (): void => {
      turns += 1
      if (goesOn) setImmediate(count)
    }
    setImmediate(count)
    const applying = mirror.applyOrders(ids.slice(0, 500).map((id) => openOrder(id)))
    turns = 0
    await applying
    goesOn = false
    expect(turnsBefore).toBeGreaterThanOrEqual(4)
    await mirror.close()
    await client.close()
  })

  it.each<[string, Meddle]>([
    [
      'the server went back meanwhile',
      async (unit, client) => unit === 3 && client.command(['SET', 'mirror:sequence', '1']),
    ],
    [
      'everything was flushed meanwhile',
      async (unit, client) => unit === 4 && client.command(['DEL', 'mirror:fence', 'orders']),
    ],
  ])('plans anew what was planned upon a unit that failed: %s', async (_, meddle) => {
    const undisturbed = await applied(async () => undefined)
    const disturbed = await applied(meddle)
    expect(disturbed.units).toBeGreaterThan(undisturbed.units)
    expect(disturbed.state).toEqual(undisturbed.state)
  })

  it('takes up what it did not know of, and goes on from there', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const first = await ValkeyMirror.open({ url: server.url })
    const filled = { ...later, status: 'closed', filled: '1.00000000', cost: '2.5' }
    await first.applyOrders(['600', '700'].map((id) => openOrder(id, filled)))
    await first.close()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    expect(await mirror.applyOrders(events)).toMatchObject({ refused: [] })
    const { orders, open } = await reader.read(symbols)
    expect(open.size).toBe(0)
    const statuses = ids.map((id) => [id, orders.get(id)!.fields['status']])
    expect(statuses.filter(([, status]) => status === 'filled')).toEqual([
      ['600', 'filled'],
      ['700', 'filled'],
    ])
    expect(statuses.filter(([, status]) => status === 'canceled')).toHaveLength(ids.length - 2)
  })

  it('ends with its time limit though the server answers each attempt with something else', async () => {
    await using server = await emptyValkey()
    const client = await meddlingClient(server.url, async (_, raw) =>
      raw.command(['INCR', 'mirror:sequence']),
    )
    const mirror = await ValkeyMirror.open({ client, writeTimeoutMs: 50 })
    await expect(mirror.applyOrder(openOrder('1'))).rejects.toMatchObject({
      code: 'VALKEY_UNREACHABLE',
    })
    await mirror.close()
    await client.close()
  })
})
