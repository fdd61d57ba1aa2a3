import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { LiveAccount } from '../../../src/cli/mirror/live-account.ts'
import { eventView } from '../../../src/cli/mirror/live-screen.ts'
import { plainInk } from '../../../src/cli/ink.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import type { MirroredOrder } from '../../../src/mirror/stored/mirrored-order.ts'
import type { MirrorEvent } from '../../../src/mirror/read/watch.ts'

const order: MirroredOrder = {
  id: '1',
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  sourceType: null,
  status: 'new',
  amount: '2.00',
  filled: '0',
  limitPrice: '91200.50',
  triggerPrice: null,
  price: null,
  notional: '0',
  reservedNotional: '182401.00',
  quote: 'USDT',
  fee: '0',
  feeCurrency: 'USDT',
  feeRate: '0.001',
  createdMs: Date.parse('2025-11-30T12:00:00Z'),
  updatedMs: Date.parse('2025-11-30T12:00:00Z'),
  finishedMs: null,
  clientOrderId: null,
  comment: null,
  historyCount: 1,
}
const usdt = { asset: 'USDT', free: '10.50', used: '1', total: '11.50' }
const snapshot: MirrorEvent = {
  type: 'snapshot',
  reason: 'start',
  epoch: 'e',
  sequence: 1,
  openOrders: [order],
  balances: [usdt],
}
const size = { ink: plainInk, columns: 120, rows: 30 }

function change(orders: readonly MirroredOrder[], sequence: number): MirrorEvent {
  const nothing = { gone: [], tickers: [], fills: [], transfers: [] }
  return { type: 'change', epoch: 'e', sequence, orders, balances: [], ...nothing }
}

test('an order is shown while it is open, then among those done last; a snapshot begins anew', () => {
  const account = new LiveAccount()
  const screen = () => account.lines('demo', size).join('\n')
  account.apply(snapshot)
  expect(screen()).toMatch(/1 open orders\n.*\n1 +BTC\/USDT +buy +limit +91200\.5 +2 +– +new/)
  expect(screen()).toMatch(/USDT +10\.5 +1$/m)
  account.apply(change([{ ...order, status: 'partially_filled', filled: '0.5' }], 2))
  expect(screen()).toMatch(/25\.0 % +partially_filled/)
  account.apply(change([{ ...order, status: 'filled', filled: '2.00' }], 3))
  expect(screen()).toMatch(/no open orders\n\ndone last\n.*\n1 .* 100\.0 % +filled/)
  account.apply({ ...change([], 4), gone: ['USDT'] } as MirrorEvent)
  expect(screen()).not.toMatch(/^USDT /m)
  account.apply({ ...snapshot, sequence: 9, balances: [] })
  expect(screen()).toMatch(/^demo change 9, 3 seen/)
  expect(screen()).not.toMatch(/balances|done last/)
})

test('a terminal that is small shows the newest orders, and never more than the last five done', () => {
  const account = new LiveAccount()
  const many = Array.from({ length: 40 }, (_, index) => ({
    ...order,
    id: `o${index}`,
    updatedMs: order.updatedMs + index,
  }))
  account.apply(change(many, 1))
  account.apply(
    change(
      many.slice(0, 20).map((one) => ({ ...one, status: 'canceled' as const })),
      2,
    ),
  )
  const lines = account.lines('demo', { ...size, rows: 24 })
  expect(lines.join('\n').split('\n').length).toBeLessThanOrEqual(24)
  expect(lines.join('\n')).toMatch(/^o39 /m)
  expect(lines.join('\n').match(/canceled/g)).toHaveLength(5)
})

test('on a terminal the screen is drawn anew; in a pipe each change is a line, or JSON', () => {
  const drawn = shown(true, false)
  expect(drawn.startsWith('\u001B[2J')).toBe(true)
  expect(drawn).toMatch(/\ndone last\n[^]*\n\na remark\n$/)
  expect(shown(false, false)).toBe(
    [
      'snapshot (start): 1 open orders, 1 balances',
      '2025-11-30 12:00:00 order 1 buy 2 BTC/USDT at 91200.5 filled, filled 2',
      'a remark',
      '',
    ].join('\n'),
  )
  const [first = '', second = ''] = shown(true, true).split('\n')
  expect(first).toContain('"amount":2.00,')
  expect(JSON.parse(first)).toMatchObject({ type: 'snapshot', balances: [{ free: 10.5 }] })
  expect(JSON.parse(second)).toMatchObject({ type: 'change', orders: [{ status: 'filled' }] })
})

function shown(isTTY: boolean, json: boolean): string {
  let text = ''
  const stdout = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk)
        done()
      },
    }),
    { isTTY, columns: 120, rows: 30 },
  )
  const terminal = new Terminal({ stdout, stderr: stdout, environment: { NO_COLOR: '1' } })
  const view = eventView('demo', terminal, json)
  view.show(snapshot)
  view.show(change([{ ...order, status: 'filled', filled: '2.00' }], 2))
  view.remark('a remark')
  view.end()
  return text
}
