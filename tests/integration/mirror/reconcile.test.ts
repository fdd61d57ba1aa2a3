import { describe, expect, it } from 'vitest'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const later = { lastUpdateTimestamp: 1_700_000_009_000 }

describe('reconcile', () => {
  it('asks for an open order that the snapshot lacks, and assumes nothing without an answer', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrders([openOrder('filled'), openOrder('gone'), openOrder('still')])
    const asked: string[] = []
    const result = await mirror.reconcile({ openOrders: [openOrder('still')] }, async (id) => {
      asked.push(id)
      return id === 'filled'
        ? openOrder(id, { status: 'closed', filled: '1.00000000', average: '2.5', ...later })
        : undefined
    })
    expect(asked.sort()).toEqual(['filled', 'gone'])
    expect(result).toMatchObject({ written: 1, unchanged: 1, unresolved: ['gone'] })
    expect((await mirror.listOpenOrders()).map(({ id }) => id).sort()).toEqual(['gone', 'still'])
    expect((await mirror.getOrder('filled'))?.status).toBe('filled')
    const alone = await mirror.reconcile({ openOrders: [] })
    expect(alone.unresolved).toEqual(['gone', 'still'])
  })

  it('heals what somebody else broke: ids without an order, orders without an id, other JSON', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const orders = ['1', '2', '3'].map((id) => openOrder(id))
    await mirror.applyOrders([...orders, openOrder('closed', { status: 'canceled', ...later })])
    await mirror.applyBalances([
      { asset: 'BTC', free: '1.0', used: '0' },
      { asset: 'OLD', free: '1', used: '0' },
    ])
    await reader.send('SADD', 'open:set', 'ghost', 'closed')
    await reader.send('SADD', 'open:BTC/USDT', 'ghost', 'closed')
    await reader.send('SREM', 'open:BTC/USDT', '1')
    await reader.send('HDEL', 'orders', '2')
    await reader.send('HSET', 'orders', '3', '{"nonsense":1}')
    await reader.send('HSET', 'balances', 'BTC', '{"asset":"BTC","free":9,"used":0,"total":9}')
    const snapshot = {
      openOrders: orders,
      balances: [{ asset: 'BTC', free: '1.0', used: '0' }],
    }
    const drift = await mirror.drift(snapshot)
    expect(drift.length).toBeGreaterThanOrEqual(7)
    expect(await mirror.drift(snapshot)).toEqual(drift)
    await mirror.reconcile(snapshot)
    expect(await mirror.drift(snapshot)).toEqual([])
    expect(await mirror.drift()).toEqual([])
    const whole = await reader.read(['BTC/USDT'])
    expect([...whole.open].sort()).toEqual(['1', '2', '3'])
    expect(await reader.send('HGETALL', 'balances')).toEqual([
      'BTC',
      '{"asset":"BTC","free":1.0,"used":0,"total":1.0}',
    ])
  })

  it('lets changes wait, and applies them afterwards when they are newer', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrder(openOrder('1'))
    const applied: Promise<unknown>[] = []
    await mirror.reconcile(async () => {
      // They come while the snapshot is under way; the snapshot is of a moment in between.
      applied.push(
        mirror.applyOrder(openOrder('1', { filled: '0.5', cost: '1.25', ...later })),
        mirror.applyBalances([
          { asset: 'BTC', free: '5', used: '0', timestamp: 1_700_000_000_100 },
        ]),
        mirror.applyBalances([
          { asset: 'ETH', free: '7', used: '0', timestamp: 1_700_000_000_300 },
        ]),
      )
      return {
        openOrders: [
          openOrder('1', { filled: '0.2', cost: '0.5', lastUpdateTimestamp: 1_700_000_005_000 }),
        ],
        balances: ['BTC', 'ETH'].map((asset) => ({
          asset,
          free: '6',
          used: '0',
          timestamp: 1_700_000_000_200,
        })),
      }
    })
    await Promise.all(applied)
    expect((await mirror.getOrder('1'))?.filled).toBe('0.5')
    expect((await mirror.getBalances()).map(({ free }) => free)).toEqual(['6', '7'])
  })

  it('applies no balance that is older than one it has seen, the same amounts included', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const held = async (free: string, timestamp: number): Promise<number> =>
      (await mirror.applyBalances([{ asset: 'BTC', free, used: '0', timestamp }])).written
    expect([
      await held('5', 1_700_000_000_100),
      await held('5.0', 1_700_000_000_300),
      await held('4', 1_700_000_000_200),
    ]).toEqual([1, 0, 0])
    expect(await mirror.getBalances()).toMatchObject([{ free: '5' }])
    expect([await held('4', 1_700_000_000_301), await held('5', 1_700_000_000_300)]).toEqual([1, 0])
    expect(await mirror.getBalances()).toMatchObject([{ free: '4' }])
  })

  it('puts aside what it cannot mirror, and mirrors the rest', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const { refused, written } = await mirror.reconcile({
      openOrders: [openOrder('good'), openOrder('bad', { symbol: 'BTC-USDT' })],
      balances: [{ asset: 'b c', free: 1, used: 1 }],
    })
    expect(refused.map(({ code, details }) => [code, details['field']])).toEqual([
      ['INVALID_ORDER', 'symbol'],
      ['INVALID_EVENT', 'asset'],
    ])
    expect(written).toBe(1)
  })
})

const fill = (id: string, amount: string): FillInput => ({
  id,
  order: '1',
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '2.5',
  amount,
  fee: { cost: '0.001', currency: 'BNB' },
  timestamp: 1_700_000_001_000,
})

describe('a new writer', () => {
  it('goes on where the one before ended: history, fills, fees, transfers', async () => {
    await using server = await emptyValkey()
    await (async () => {
      await using first = await ValkeyMirror.open({ url: server.url })
      await first.applyOrder(openOrder('1', { filled: '0.5', cost: '1.25', ...later }))
      await first.applyFills([fill('a', '0.5')])
      const deposit = {
        id: 'd',
        type: 'deposit',
        currency: 'USDT',
        amount: '10',
        timestamp: 1_700_000_000_001,
      }
      await first.applyTransfers([deposit])
    })()
    await using second = await ValkeyMirror.open({ url: server.url })
    await second.applyFills([fill('a', '0.5'), fill('b', '0.5')])
    const end = {
      status: 'closed',
      filled: '1.00000000',
      cost: '2.5',
      lastUpdateTimestamp: 1_700_000_010_000,
    }
    await second.applyOrder(openOrder('1', end))
    await second.applyTransfers([
      { id: 'd', type: 'deposit', currency: 'USDT', amount: '10', timestamp: 1_700_000_000_001 },
      { id: 'e', type: 'deposit', currency: 'USDT', amount: '5', timestamp: 1_700_000_000_002 },
    ])
    await using reader = await MirrorReader.open({ url: server.url })
    const order = await reader.getOrder('1')
    expect(order).toMatchObject({
      status: 'filled',
      fee: '0.002',
      feeCurrency: 'BNB',
      historyCount: 3,
    })
    // New, half filled, the other half: each step with its own amount.
    expect(order!.history.map(({ status, filled }) => [status, filled])).toEqual([
      ['new', null],
      ['partially_filled', '0.5'],
      ['filled', '0.50000000'],
    ])
    expect(await reader.getTradeStats()).toEqual([
      {
        side: 'buy',
        base: 'BTC',
        count: { USDT: 1 },
        amount: { USDT: '1.0' },
        notional: { USDT: '2.50' },
        fee: { BNB: '0.002' },
      },
    ])
    await using whole = await readWhole(server.port)
    expect(await whole.send('HGETALL', 'deposits:USDT')).toEqual([
      'ref_symbol',
      'USDT',
      'asset_quantity',
      '15',
      'ref_value',
      '15',
    ])
    expect(await whole.send('SMEMBERS', 'deposits:index')).toEqual(['deposits:USDT'])
    await whole.read(['BTC/USDT'])
  })

  it('does not reopen a closed order that it has never read', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    await (async () => {
      await using first = await ValkeyMirror.open({ url: server.url })
      await first.applyOrder(openOrder('1', { status: 'canceled', filled: '0.5', ...later }))
    })()
    await using second = await ValkeyMirror.open({ url: server.url })
    const result = await second.applyOrders([openOrder('1'), openOrder('2')])
    expect(result).toMatchObject({ written: 1, unchanged: 1 })
    const { orders, open } = await reader.read(['BTC/USDT'])
    expect([...open]).toEqual(['2'])
    expect(orders.get('1')).toMatchObject({ status: 'partially_canceled', filled: '0.5' })
  })
})
