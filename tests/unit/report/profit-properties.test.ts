import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addText,
  compareText,
  parseDecimal,
  subtractText,
} from '../../../src/mirror/model/decimal.ts'
import { carryOver } from '../../../src/mirror/model/carried-position.ts'
import type { CarriedPosition } from '../../../src/mirror/model/carried-position.ts'
import { dailyReport, dailyReports } from '../../../src/mirror/report/daily-report.ts'
import { ExchangeRates } from '../../../src/mirror/report/exchange-rates.ts'
import { tradeHistory, type ReportFill } from '../../../src/mirror/report/trade-history.ts'
import { utcDay } from '../../../src/mirror/report/utc-day.ts'
import { fillOf } from './fills.ts'

const start = Date.parse('2025-11-01T00:00:00Z')
const days = 5
const dayMs = 86_400_000

const trade = fc.record({
  side: fc.constantFrom('buy', 'sell'),
  amount: fc.integer({ min: 1, max: 50_000 }),
  price: fc.integer({ min: 1, max: 10_000_000 }),
  fee: fc.integer({ min: -50, max: 500 }),
  afterMs: fc.integer({ min: 0, max: dayMs / 10 }),
})
/** A history of one market over some days in which nothing is sold that was not bought. */
const history = fc.array(trade, { size: 'max', maxLength: 120 }).map((trades) => {
  let held = 0
  let time = start
  const fills: ReportFill[] = []
  for (const { side, amount, price, fee, afterMs } of trades) {
    const size = side === 'sell' ? Math.min(amount, held) : amount
    time = Math.min(time + afterMs, start + days * dayMs - 1)
    if (size === 0) continue
    held += side === 'sell' ? -size : size
    const words = `${side} ${scaled(size, 4)} BTC/USDT at ${scaled(price, 2)} fee ${scaled(fee, 3)} USDT`
    fills.push(fillOf(words, time))
  }
  return fills
})

const allDays = Array.from({ length: days }, (_, index) => utcDay(start + index * dayMs).date)

test('the days add up, to the last digit, to what came in less what went out and is still held', () => {
  fc.assert(
    fc.property(history, (fills) => {
      const reports = dailyReports(fills, [], allDays)
      expect(reports).toMatchObject(
        allDays.map((date) => {
          const { trades, bySymbol } = dailyReport(fills, [], date)
          return { date, trades, bySymbol }
        }),
      )
      const pnl = reports.map(({ trades }) => trades.pnl).reduce(addText, '0')
      // The identity of every bookkeeping: profit = proceeds − spending + what is left, at cost.
      const flow = fills.map(({ side, cost, fee }) =>
        side === 'buy' ? subtractText('0', addText(cost, fee!)) : subtractText(cost, fee!),
      )
      const last = tradeHistory(fills, new ExchangeRates('USDT', {})).at(-1)
      const held = last?.holding?.cost ?? '0'
      expect(compareText(pnl, addText(flow.reduce(addText, '0'), held))).toBe(0)
    }),
  )
})

test('realised profit is that of exact fractions, but for the last of twelve digits per sale', () => {
  fc.assert(
    fc.property(history, (fills) => {
      const pnl = allDays
        .map((date) => dailyReport(fills, [], date).trades.pnl)
        .reduce(addText, '0')
      expect(near(fraction(pnl), exactly(fills).pnl, fills.length)).toBe(true)
    }),
  )
})

test('trades removed in any steps leave behind what makes the later profits the same, to the last digit', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 6 })
  fc.assert(
    fc.property(history, steps, fc.boolean(), (fills, cuts, inBase) => {
      // Those of one moment go together.
      const own = fills.map((fill) => ({ ...fill, takerOrMaker: null }))
      const all = inBase ? own.map((fill) => ({ ...fill, feeCurrency: 'BTC', fee: '0' })) : own
      let rest = all
      let carried: CarriedPosition | undefined
      for (const index of cuts) {
        const beforeMs = rest[index]?.timestamp ?? 0
        const old = rest.filter(({ timestamp }) => timestamp < beforeMs)
        rest = rest.filter(({ timestamp }) => timestamp >= beforeMs)
        if (old.length > 0) carried = carryOver(carried, 'BTC/USDT', old, beforeMs)
      }
      const rates = new ExchangeRates('USDT', {})
      const outcomes = tradeHistory(rest, rates, carried && [carried])
      expect(outcomes).toEqual(tradeHistory(all, rates).slice(all.length - rest.length))
    }),
  )
})

test('cut into partial fills, given twice and in any order: the same report', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 120, maxLength: 120 })
  fc.assert(
    fc.property(history, cuts, fc.infiniteStream(fc.nat()), (fills, percents, dice) => {
      // A cut keeps price and fee per amount; both parts are of the same order and moment.
      const parts = fills.flatMap((fill, index) => cut(fill, percents[index]!))
      const mixed = [...parts, ...parts.slice(0, 10)]
        .map((fill) => ({ fill, place: dice.next().value! }))
        .sort((a, b) => a.place - b.place)
        .map(({ fill }) => fill)
      for (const date of allDays) {
        const whole = dailyReport(fills, [], date)
        const inParts = dailyReport(mixed, [], date)
        expect(inParts).toMatchObject({ totalTrades: whole.totalTrades, fees: whole.fees })
        expect(inParts.bySymbol['BTC/USDT']?.position.amount).toBe(
          whole.bySymbol['BTC/USDT']?.position.amount,
        )
        expect(
          near(fraction(inParts.trades.pnl), fraction(whole.trades.pnl), 4 * fills.length),
        ).toBe(true)
      }
    }),
    { numRuns: 40 },
  )
})

function cut(fill: ReportFill, percent: number): ReportFill[] {
  const part = (share: number, id: string): ReportFill => ({
    ...fill,
    id: `${fill.id}${id}`,
    amount: scaledBy(fill.amount, share),
    cost: scaledBy(fill.cost, share),
    fee: scaledBy(fill.fee!, share),
  })
  return [part(percent, 'a'), part(100 - percent, 'b')]
}

/** A decimal times so many per cent. */
function scaledBy(text: string, percent: number): string {
  const { coefficient, scale } = parseDecimal(text)
  return scaled(coefficient * BigInt(percent), scale + 2)
}

function scaled(units: number | bigint, scale: number): string {
  const digits = (units < 0 ? -BigInt(units) : BigInt(units)).toString().padStart(scale + 1, '0')
  return `${units < 0 ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

const zero: Fraction = { top: 0n, bottom: 1n }

/** Average cost in fractions: the definition itself, nothing rounded. */
function exactly(fills: readonly ReportFill[]): { pnl: Fraction; cost: Fraction } {
  let [held, cost, pnl] = [zero, zero, zero]
  for (const { side, amount, cost: paid, fee } of fills) {
    if (side === 'buy') {
      held = sum([held, fraction(amount)])
      cost = sum([cost, fraction(paid), fraction(fee!)])
      continue
    }
    const sold = fraction(amount)
    const part = reduced(cost.top * sold.top * held.bottom, cost.bottom * sold.bottom * held.top)
    pnl = sum([pnl, minus(minus(fraction(paid), fraction(fee!)), part)])
    cost = minus(cost, part)
    held = minus(held, sold)
  }
  return { pnl, cost }
}

function fraction(text: string): Fraction {
  const { coefficient, scale } = parseDecimal(text)
  return { top: coefficient, bottom: 10n ** BigInt(scale) }
}

function sum(parts: readonly Fraction[]): Fraction {
  return parts.reduce(
    (a, b) => reduced(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom),
    zero,
  )
}

function minus(a: Fraction, b: Fraction): Fraction {
  return sum([a, { top: -b.top, bottom: b.bottom }])
}

function reduced(top: bigint, bottom: bigint): Fraction {
  let [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom]
  while (b !== 0n) [a, b] = [b, a % b]
  const sign = bottom < 0n ? -1n : 1n
  return a === 0n ? zero : { top: (sign * top) / a, bottom: (sign * bottom) / a }
}

/** Whether two differ by at most so many units of the twelfth digit. */
function near(a: Fraction, b: Fraction, units: number): boolean {
  const { top, bottom } = minus(a, b)
  return (top < 0n ? -top : top) * 10n ** 12n <= BigInt(units) * bottom
}
