import { describe, expect, test } from 'vitest'
import { dailyReport, dailyReports } from '../../../src/mirror/report/daily-report.ts'
import type { DailyReportOptions } from '../../../src/mirror/report/daily-report.ts'
import { readDailyReport, readDailyReports } from '../../../src/mirror/report/read-daily-report.ts'
import { formatReport } from '../../../src/mirror/report/report-document.ts'
import { ratesFromTickers } from '../../../src/mirror/report/report-source.ts'
import type { ReportFill } from '../../../src/mirror/report/trade-history.ts'
import { fillOf } from './fills.ts'

const at = (time: string): number => Date.parse(`2025-11-30T${time}Z`)

function report(fills: readonly ReportFill[], options: DailyReportOptions = {}) {
  return dailyReport(fills, [], '2025-11-30', { writtenAt: 0, ...options })
}

describe('worked out on paper', () => {
  // Bought 1 at 100 (fee 1) and 1 at 200 (fee 2): 2 cost 303, 151.5 each.
  // Sold 1 at 180 (fee 1.8): 178.2 − 151.5 = 26.7. Sold 0.5 at 100 (fee 0.5): 49.5 − 75.75 = −26.25.
  // Together 0.45; one of two closings won; 0.5 is left, at 151.5.
  test('average cost, fees on both sides', () => {
    const fills = [
      fillOf('buy 1 BTC/USDT at 100 fee 1 USDT', at('01:00:00')),
      fillOf('buy 1 BTC/USDT at 200 fee 2 USDT', at('02:00:00')),
      fillOf('sell 1 BTC/USDT at 180 fee 1.8 USDT', at('03:00:00')),
      fillOf('sell 0.5 BTC/USDT at 100 fee 0.5 USDT', at('04:00:00')),
    ]
    const { trades, bySymbol, fees, winRate, totalTrades, pnlByCurrency } = report(fills)
    expect(trades).toEqual({
      totalBuys: 2,
      totalSells: 2,
      pnl: '0.45',
      avgBuyPrice: '150', // (100 + 200) / 2
      avgSellPrice: '153.333333333333', // (180 + 50) / 1.5
    })
    expect({ fees, winRate, totalTrades, pnlByCurrency }).toEqual({
      fees: { USDT: '5.3' },
      winRate: 0.5,
      totalTrades: 4,
      pnlByCurrency: { USDT: '0.45' },
    })
    expect(bySymbol['BTC/USDT']!.position).toEqual({ amount: '0.5', avgCost: '151.5' })
  })

  // 1 bought, 0.001 of it kept as fee: 0.999 cost 100. Sold for 0.999 × 110 = 109.89: 9.89.
  test('a fee in the base currency: less came for the same money', () => {
    const fills = [
      fillOf('buy 1 BTC/USDT at 100 fee 0.001 BTC', at('01:00:00')),
      fillOf('sell 0.999 BTC/USDT at 110', at('02:00:00')),
    ]
    const { trades, bySymbol, fees } = report(fills)
    expect(trades.pnl).toBe('9.89')
    expect(fees).toEqual({ BTC: '0.001' })
    expect(bySymbol['BTC/USDT']!.position).toEqual({ amount: '0', avgCost: null })
  })

  // 0.01 BNB at 600 is 6 USDT: 1 cost 106. Sold for 110 less 0.005 × 600 = 3: 107 − 106 = 1.
  // Without a rate the fees are in no figure, but named: 110 − 100 = 10.
  test('a fee in a third currency: converted by its rate, else named', () => {
    const fills = [
      fillOf('buy 1 BTC/USDT at 100 fee 0.01 BNB', at('01:00:00')),
      fillOf('sell 1 BTC/USDT at 110 fee 0.005 BNB', at('02:00:00')),
    ]
    const converted = report(fills, { rates: { BNB: '600' } })
    expect([converted.trades.pnl, converted.notConverted.fees]).toEqual(['1', {}])
    const named = report(fills)
    expect([named.trades.pnl, named.notConverted.fees]).toEqual(['10', { BNB: '0.015' }])
  })

  // 20 USDT and 10 EUR: at 1.1 USDT per EUR together 31. Without a rate 20, and 10 EUR named.
  test('different quote currencies are converted, never added', () => {
    const fills = [
      fillOf('buy 1 BTC/USDT at 100', at('01:00:00')),
      fillOf('sell 1 BTC/USDT at 120', at('02:00:00')),
      fillOf('buy 1 ETH/EUR at 50', at('03:00:00')),
      fillOf('sell 1 ETH/EUR at 60', at('04:00:00')),
    ]
    const named = report(fills)
    expect(named.trades).toMatchObject({ pnl: '20', avgBuyPrice: null, avgSellPrice: null })
    expect(named.pnlByCurrency).toEqual({ EUR: '10', USDT: '20' })
    expect(named.notConverted.pnl).toEqual({ EUR: '10' })
    expect(named.bySymbol['ETH/EUR']).toMatchObject({ avgBuyPrice: '50', avgSellPrice: '60' })
    const converted = report(fills, { rates: { EUR: '1.1' } })
    expect([converted.trades.pnl, converted.notConverted.pnl]).toEqual(['31', {}])
    // 20 USDT at 0.9 EUR are 18, and 10: 28 EUR.
    expect(report(fills, { currency: 'EUR', rates: { USDT: '0.9' } }).trades.pnl).toBe('28')
  })

  // 1 was bought for 100, 3 are sold for 110 each less a fee of 3: a third of it, 109, closes the
  // 1 that is known: 9. The other 2 came from elsewhere.
  test('what is sold without a known cost makes no profit and is named', () => {
    const fills = [
      fillOf('buy 1 BTC/USDT at 100', at('01:00:00')),
      fillOf('sell 3 BTC/USDT at 110 fee 3 USDT', at('02:00:00')),
    ]
    const { trades, soldWithoutCost } = report(fills)
    expect([trades.pnl, soldWithoutCost]).toEqual(['9', { 'BTC/USDT': '2' }])
    const only = report([fillOf('sell 1 BTC/USDT at 110', at('02:00:00'))])
    expect([only.trades.pnl, only.winRate]).toEqual(['0', null])
  })

  // Short 2 at 100, 1 bought back at 90: 10. Then 3 bought at 95: closes 1 (5), opens 2 long.
  test('a contract settled in its quote currency may be short; an inverse one is not computed', () => {
    const fills = [
      fillOf('sell 2 BTC/USDT:USDT at 100', at('01:00:00')),
      fillOf('buy 1 BTC/USDT:USDT at 90', at('02:00:00')),
      fillOf('buy 3 BTC/USDT:USDT at 95', at('03:00:00')),
      fillOf('sell 5 BTC/USD:BTC at 100', at('04:00:00')),
    ]
    const { bySymbol, notComputed, soldWithoutCost } = report(fills)
    expect(bySymbol['BTC/USDT:USDT']).toMatchObject({
      pnl: '15',
      winRate: 1,
      position: { amount: '2', avgCost: '95' },
    })
    expect([notComputed, soldWithoutCost]).toEqual([['BTC/USD:BTC'], {}])
  })

  // The order sold in three parts won 3 × 10 − 25 = 5 in all: one trade, and a win.
  test('the fills of one order are one trade', () => {
    const order = { orderId: 'one' }
    const fills = [
      fillOf('buy 4 BTC/USDT at 100', at('01:00:00')),
      ...['110', '110', '110'].map((price, index) => ({
        ...fillOf(`sell 1 BTC/USDT at ${price}`, at('02:00:00') + index),
        ...order,
      })),
      { ...fillOf('sell 1 BTC/USDT at 75', at('02:00:01')), ...order },
    ]
    expect(report(fills)).toMatchObject({ totalTrades: 2, totalFills: 5, winRate: 1 })
  })
})

test('trades follow time, and in one moment their ids as numbers, however they are given', () => {
  const bought = { ...fillOf('buy 1 BTC/USDT at 100', at('01:00:00')), id: '9' }
  for (const sold of [
    { ...fillOf('sell 1 BTC/USDT at 110', at('01:00:01')), id: '1' },
    { ...fillOf('sell 1 BTC/USDT at 110', at('01:00:00')), id: '10' },
  ])
    expect(report([sold, bought]).trades.pnl).toBe('10')
})

test('only what was traded on the UTC day counts, what was bought before is its cost', () => {
  const fills = [
    fillOf('buy 2 BTC/USDT at 100', Date.parse('2025-11-29T23:59:59.999Z')),
    fillOf('sell 1 BTC/USDT at 110', Date.parse('2025-11-30T00:00:00Z')),
    fillOf('sell 1 BTC/USDT at 130', Date.parse('2025-12-01T00:00:00Z')),
  ]
  const dates = ['2025-11-28', '2025-11-29', '2025-11-30', '2025-12-01']
  const together = dailyReports(fills, [], dates)
  const alone = dates.map((date) => dailyReport(fills, [], date))
  for (const reports of [together, alone])
    expect(reports.map(({ trades, totalTrades }) => [trades.pnl, totalTrades])).toEqual([
      ['0', 0],
      ['0', 1],
      ['10', 1],
      ['30', 1],
    ])
})

test('the document: names, digits and form', () => {
  const fills = [
    fillOf('buy 1 BTC/USDT at 91200', at('10:00:00')),
    fillOf('sell 0.5 BTC/USDT at 91450.10 fee 0.1 USDT', at('11:00:00')),
  ]
  const balances = [
    { asset: 'USDT', free: '12345678901234567890.10', used: '0' },
    { asset: 'BTC', free: '1.00000000', used: '0.00011' },
  ]
  const text = formatReport(
    dailyReport(fills, balances, '2025-11-30', { writtenAt: at('12:45:29.5') }),
  )
  // 45725.05 − 0.1 − 45600 = 124.95
  expect(text).toBe(`{
  "date": "2025-11-30",
  "time": "12:45:29",
  "written_at": "2025-11-30T12:45:29.500Z",
  "currency": "USDT",
  "balances": {
    "BTC": {
      "free": 1.00000000,
      "locked": 0.00011
    },
    "USDT": {
      "free": 12345678901234567890.10,
      "locked": 0
    }
  },
  "trades": {
    "total_buys": 1,
    "total_sells": 1,
    "pnl": 124.95,
    "avg_buy_price": 91200,
    "avg_sell_price": 91450.1
  },
  "total_trades": 2,
  "total_fills": 2,
  "win_rate": 1,
  "closing_trades": 1,
  "winning_trades": 1,
  "fees": {
    "USDT": 0.1
  },
  "pnl_by_currency": {
    "USDT": 124.95
  },
  "by_symbol": {
    "BTC/USDT": {
      "total_buys": 1,
      "total_sells": 1,
      "total_fills": 2,
      "bought": 1,
      "sold": 0.5,
      "avg_buy_price": 91200,
      "avg_sell_price": 91450.1,
      "pnl": 124.95,
      "win_rate": 1,
      "fees": {
        "USDT": 0.1
      },
      "position": {
        "amount": 0.5,
        "avg_cost": 91200
      }
    }
  },
  "not_converted": {
    "pnl": {},
    "fees": {}
  },
  "sold_without_cost": {},
  "not_computed": []
}
`)
})

test('misuse is refused by name', () => {
  expect(() => dailyReport([], [], '2025-11-31')).toThrow(/YYYY-MM-DD/)
  expect(() => dailyReport([], [], '30.11.2025')).toThrow(TypeError)
  expect(() => report([], { currency: 'us dt' })).toThrow(/`currency`/)
  expect(() => report([], { rates: { BNB: '-1' } })).toThrow(/rate of BNB/)
  expect(() => report([], { rates: { BNB: '1e5' } })).toThrow(/rate of BNB/)
})

// 1 EUR is 1.1 USDT, 1 BRL is 1 / 5.5 USDT; what only a third asset connects has no rate.
test('rates come from tickers, straight or inverse; a profit of 10 EUR is 11 USDT', async () => {
  const tickers = [
    { symbol: 'EUR/USDT', price: '1.1' },
    { symbol: 'USDT/BRL', price: '5.5' },
    { symbol: 'BNB/EUR', price: '500' },
    { symbol: 'ETH/USDT:USDT', price: '3000' },
  ]
  expect(ratesFromTickers(tickers, 'USDT')).toEqual({
    EUR: '1.1',
    BRL: '0.181818181818181818181818',
  })
  const fills = [
    fillOf('buy 1 ETH/EUR at 50', at('03:00:00')),
    fillOf('sell 1 ETH/EUR at 60', at('04:00:00')),
    fillOf('buy 1 BTC/USDT at 50', at('05:00:00')),
  ]
  const account = {
    listFills: async () => fills,
    getBalances: async () => [],
    listTickers: async () => tickers,
  }
  const days = await readDailyReports(account, 2, at('23:00:00'))
  expect(days.map(({ date, trades }) => [date, trades.pnl])).toEqual([
    ['2025-11-29', '0'],
    ['2025-11-30', '11'],
  ])
  // A rate that is given wins over the tickers'.
  const given = await readDailyReport(account, '2025-11-30', { rates: { EUR: '2' } })
  expect(given.trades.pnl).toBe('20')
})
