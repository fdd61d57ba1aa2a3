import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balancesFromCcxt } from '../../../src/mirror/ccxt/ccxt-balances.ts'
import type { CcxtBalances } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import type { ApplyResult } from '../../../src/mirror/write/apply-result.ts'
import { oracleIsHere } from '../../support/oracle.ts'
import { futuresExpectations, oracleOrders, spotExpectations } from '../../support/oracle-orders.ts'
import type { Expected, OracleRecord } from '../../support/oracle-orders.ts'
import { readOrderStrictly } from '../../support/strict-order.ts'
import { startValkey } from '../../support/valkey.ts'
import type { TestServer } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'
import type { WholeReader } from '../../support/whole-mirror.ts'

/** A good neighbour goes along with each record: a refusal may not harm it. */
const neighbour = {
  id: 'neighbour',
  symbol: 'SOL/USDT',
  side: 'buy',
  type: 'limit',
  amount: '1',
  price: '1',
  status: 'open',
  timestamp: 1_700_000_000_000,
}
const neighbourFill = { ...neighbour, id: 'neighbour-fill', order: 'neighbour' }

async function apply(mirror: ValkeyMirror, { kind, unified }: OracleRecord): Promise<ApplyResult> {
  const items = Array.isArray(unified) ? unified : [unified]
  if (/order/i.test(kind)) return mirror.applyOrders([...(items as OrderInput[]), neighbour])
  if (/fill|trades/i.test(kind))
    return mirror.applyFills([...(items as FillInput[]), neighbourFill])
  return mirror.applyBalances([
    ...balancesFromCcxt(unified as CcxtBalances),
    { asset: 'SOL', free: '1', used: '0' },
  ])
}

/** The same digits; after `≈` the same value. */
function sameDecimal(found: unknown, expected: string | null): void {
  if (expected?.startsWith('≈') === true) expect(Number(found)).toBe(Number(expected.slice(1)))
  else expect(found).toBe(expected)
}

describe.runIf(oracleIsHere)('the recorded payloads', () => {
  let server: TestServer
  let reader: WholeReader
  beforeAll(async () => {
    server = await startValkey()
    reader = await readWhole(server.port)
  })
  afterAll(async () => {
    await reader[Symbol.asyncDispose]()
    await server.stop()
  })
  const records = oracleIsHere ? oracleOrders() : []

  async function expectMirrored(prefix: string, expected: Expected): Promise<void> {
    if ('order' in expected) await expectOrder(prefix, expected.order)
    else if ('fill' in expected) await expectFill(prefix, expected.fill)
    else if ('balances' in expected) await expectBalances(prefix, expected.balances)
  }

  async function expectOrder(
    prefix: string,
    order: Extract<Expected, { order: unknown }>['order'],
  ): Promise<void> {
    const json = String(await reader.send('HGET', `${prefix}orders`, order.id))
    const { fields } = readOrderStrictly(json)
    expect(fields).toMatchObject({
      id: order.id,
      symbol: order.symbol,
      side: order.side,
      type: order.type,
      status: order.status,
      amount: order.amount,
      limit_price: order.limitPrice,
      actual_filled: order.filled,
      fee_currency: order.feeCurrency,
      ts_create: String(order.createdMs),
      ts_update: String(order.updatedMs),
      trigger_price: order.triggerPrice ?? null,
      source_type: order.sourceType ?? null,
    })
    sameDecimal(fields['actual_notion'], order.notional)
    sameDecimal(fields['price'], order.price)
    sameDecimal(fields['actual_fee'], order.fee)
  }

  async function expectFill(
    prefix: string,
    fill: Extract<Expected, { fill: unknown }>['fill'],
  ): Promise<void> {
    const json = String(await reader.send('HGET', `${prefix}mirror:fills:${fill.symbol}`, fill.id))
    const { cost, ...rest } = fill
    const digits = (name: string): string | undefined =>
      new RegExp(`"${name}":(-?[0-9.]+)[,}]`).exec(json)?.[1]
    expect(JSON.parse(json)).toMatchObject({
      id: rest.id,
      order: rest.orderId,
      symbol: rest.symbol,
      side: rest.side,
      fee_currency: rest.feeCurrency,
      taker_or_maker: rest.takerOrMaker,
      timestamp: rest.timestamp,
    })
    expect([digits('price'), digits('amount'), digits('fee')]).toEqual([
      rest.price,
      rest.amount,
      rest.fee,
    ])
    sameDecimal(digits('cost'), cost)
  }

  async function expectBalances(
    prefix: string,
    balances: Extract<Expected, { balances: unknown }>['balances'],
  ): Promise<void> {
    for (const [asset, [free, used, total]] of Object.entries(balances))
      expect(await reader.send('HGET', `${prefix}balances`, asset)).toBe(
        `{"asset":"${asset}","free":${free},"used":${used},"total":${total}}`,
      )
  }

  it('are all in the table', () => {
    const indexes = [...Object.keys(spotExpectations), ...Object.keys(futuresExpectations)]
    expect(indexes.map(Number).sort((a, b) => a - b)).toEqual([...records.keys()])
  })

  it.each(Object.entries({ ...spotExpectations, ...futuresExpectations }))(
    'record %s comes out as read off by hand',
    async (index, expectations) => {
      const record = records[Number(index)]!
      const prefix = `r${index}:`
      await using mirror = await ValkeyMirror.open({
        url: server.url,
        keyPrefix: prefix,
        derivatives: Object.hasOwn(futuresExpectations, index),
      })
      const result = await apply(mirror, record)
      const refused = expectations.flatMap((each) => ('refused' in each ? [each.refused] : []))
      expect(result.refused.map(({ details }) => details['field'])).toEqual(refused)
      for (const expected of expectations) await expectMirrored(prefix, expected)
      expect(result.written).toBe(mirroredThings(expectations) + 1)
    },
  )

  it.each(Object.keys(futuresExpectations).filter((index) => Number(index) > 38))(
    'record %s is refused for its settlement symbol where derivatives are not asked for',
    async (index) => {
      await using mirror = await ValkeyMirror.open({ url: server.url, keyPrefix: `s${index}:` })
      const { refused, written } = await apply(mirror, records[Number(index)]!)
      expect(refused.map(({ details }) => details['field'])).toEqual(['symbol'])
      expect(written).toBe(1)
    },
  )
})

function mirroredThings(expectations: readonly Expected[]): number {
  return expectations
    .map((each) =>
      'balances' in each ? Object.keys(each.balances).length : Number(!('refused' in each)),
    )
    .reduce((sum, count) => sum + count, 0)
}
