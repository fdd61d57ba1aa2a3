import * as fc from 'fast-check'
import type { OrderInput } from '../../src/mirror/model/order.ts'
import type { StrictOrder } from './strict-order.ts'

/** What an order came to, decided first; its events are made from it. */
export interface OrderTruth {
  readonly id: string
  readonly symbol: string
  readonly status: string
  readonly amount: string
  readonly limitPrice: string
  readonly filled: string
  readonly notional: string
  readonly fee: string
  readonly updatedMs: string
}

export interface Histories {
  readonly truths: readonly OrderTruth[]
  /** Events of all orders, shuffled across orders, with repetitions, delays and replays. */
  readonly events: readonly OrderInput[]
}

export const historySymbols = ['BTC/USDT', 'ETH/USDT', 'ETH/BTC'] as const

type End = 'open' | 'filled' | 'canceled' | 'expired' | 'rejected'

/** The raw material of one order's life: all choices that its truth is made of. */
const lives = fc.record({
  symbol: fc.constantFrom(...historySymbols),
  side: fc.constantFrom('buy', 'sell'),
  amountUnits: fc.integer({ min: 1, max: 1_000_000 }),
  priceTicks: fc.integer({ min: 1, max: 1_000_000 }),
  end: fc.constantFrom<End>('open', 'filled', 'canceled', 'expired', 'rejected'),
  /** Cumulative fills as shares of the amount; the last of them is what was filled. */
  shares: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 6, size: 'max' }),
  gaps: fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 8, maxLength: 8 }),
})

type Life = typeof lives extends fc.Arbitrary<infer T> ? T : never

/**
 * Random order histories. The truth is decided first and the events are made from it: new,
 * partial fills, end. Then they are repeated and shuffled, so that a fill may come before the
 * order and a cancel before its last fill.
 */
export function orderHistories({ maxOrders }: { maxOrders: number }): fc.Arbitrary<Histories> {
  return fc
    .tuple(
      fc.array(lives, { minLength: 1, maxLength: maxOrders, size: 'max' }),
      fc.array(fc.nat(), { maxLength: 10 * maxOrders, size: 'max' }),
      fc.infiniteStream(fc.nat({ max: 2 ** 30 })),
    )
    .map(([orders, repeats, random]) => {
      const made = orders.map((life, index) => makeOrder(life, `order-${index}`))
      const all = made.flatMap(({ events }) => events)
      const repeated = [...all, ...repeats.map((pick) => all[pick % all.length]!)]
      const shuffled = repeated
        .map((event) => ({ event, key: random.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ event }) => event)
      return { truths: made.map(({ truth }) => truth), events: shuffled }
    })
}

/** The same order as a strict reader found it. */
export function truthOf({ fields, ...order }: StrictOrder): OrderTruth {
  return {
    id: order.id,
    symbol: order.symbol,
    status: order.status,
    amount: order.amount,
    limitPrice: String(fields['limit_price']),
    filled: order.filled,
    notional: String(fields['actual_notion']),
    fee: String(fields['actual_fee']),
    updatedMs: String(fields['ts_update']),
  }
}

const startMs = 1_700_000_000_000

function makeOrder(life: Life, id: string): { truth: OrderTruth; events: OrderInput[] } {
  const { amountUnits, priceTicks, end, symbol } = life
  const cumulative = fillsOf(life)
  const event = (filledUnits: number, status: string, time: number): OrderInput => ({
    id,
    symbol,
    side: life.side,
    type: 'limit',
    amount: amountText(amountUnits),
    price: priceText(priceTicks),
    filled: amountText(filledUnits),
    cost: notionalText(filledUnits, priceTicks),
    average: filledUnits === 0 ? null : priceText(priceTicks),
    fee: { cost: feeText(filledUnits), currency: 'BNB' },
    status,
    timestamp: startMs,
    lastUpdateTimestamp: time,
  })
  let time = startMs
  const events = [event(0, 'open', time)]
  for (const [index, filled] of cumulative.entries()) {
    time += life.gaps[index]!
    const whole = end === 'filled' && index === cumulative.length - 1
    events.push(event(filled, whole ? 'closed' : 'open', time))
  }
  const filled = cumulative.at(-1) ?? 0
  if (end !== 'open' && end !== 'filled') {
    time += life.gaps[7]!
    events.push(event(filled, end, time))
  }
  const status =
    end === 'filled'
      ? 'filled'
      : end === 'open'
        ? filled === 0
          ? 'new'
          : 'partially_filled'
        : filled === 0
          ? end
          : `partially_${end}`
  const truth = {
    id,
    symbol,
    status,
    amount: amountText(amountUnits),
    limitPrice: priceText(priceTicks),
    filled: amountText(filled),
    notional: notionalText(filled, priceTicks),
    fee: feeText(filled),
    updatedMs: String(time),
  }
  return { truth, events }
}

/** Rising amounts below the order's, and the whole amount last when it was filled. */
function fillsOf({ amountUnits, shares, end }: Life): number[] {
  const parts = shares.map((share) => Math.floor((share / 1_000_001) * amountUnits))
  const rising = [...new Set(parts.filter((part) => part > 0 && part < amountUnits))].sort(
    (a, b) => a - b,
  )
  return end === 'filled' ? [...rising, amountUnits] : rising
}

/** Amounts have eight digits, prices two, so a notional has ten; the digits are made by hand. */
function amountText(units: number): string {
  return `0.${String(units).padStart(8, '0')}`
}

function priceText(ticks: number): string {
  const digits = String(ticks).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function notionalText(units: number, ticks: number): string {
  const digits = String(BigInt(units) * BigInt(ticks)).padStart(11, '0')
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`
}

function feeText(units: number): string {
  return `0.${String(units).padStart(12, '0')}`
}
