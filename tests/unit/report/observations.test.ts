import { expect, it } from 'vitest'
import { dailyReports } from '../../../src/mirror/report/daily-report.ts'
import { reportObservations } from '../../../src/mirror/report/observations.ts'
import type { ReportFill } from '../../../src/mirror/report/trade-history.ts'

const dates = ['2025-11-28', '2025-11-29', '2025-11-30']
const at = (date: string): number => Date.parse(`${date}T12:00:00Z`)
const fill = (id: string, date: string, rest: Partial<ReportFill>): ReportFill => ({
  id,
  orderId: id,
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '100',
  amount: '1',
  cost: '100',
  fee: '1',
  feeCurrency: 'USDT',
  timestamp: at(date),
  ...rest,
})

it('name days without trades, markets that lost, the share of fees and sales without a cost', () => {
  // Bought 1 for 101, sold for 110 − 1: +8. ETH: bought 1 for 51, sold for 40 − 1: −12. XRP: never bought.
  const fills = [
    fill('1', '2025-11-28', {}),
    fill('2', '2025-11-28', { symbol: 'ETH/USDT', price: '50', cost: '50' }),
    fill('3', '2025-11-30', { side: 'sell', price: '110', cost: '110' }),
    fill('4', '2025-11-30', { symbol: 'ETH/USDT', side: 'sell', price: '40', cost: '40' }),
    fill('5', '2025-11-30', { symbol: 'XRP/USDT', side: 'sell', price: '5', cost: '5', fee: null }),
  ]
  const reports = dailyReports(fills, [], dates)
  expect(reports.map(({ closings }) => closings)).toEqual([
    { closed: 0, won: 0 },
    { closed: 0, won: 0 },
    { closed: 2, won: 1 },
  ])
  expect(reportObservations(reports)).toEqual([
    '1 of 3 days had no trades: 2025-11-29.',
    'ETH/USDT lost 12 USDT in 1 sales.',
    // +8 − 12 after fees of 4: there was nothing to take a share of.
    'Fees of 4 USDT stand beside a result of 0 USDT before them.',
    '1 XRP of XRP/USDT were sold without a known cost and are in no profit.',
  ])
})

it('say nothing where there is nothing to say', () => {
  const won = [
    fill('1', '2025-11-28', { fee: null }),
    fill('2', '2025-11-28', { side: 'sell', price: '110', cost: '110', fee: '2' }),
  ]
  expect(reportObservations(dailyReports(won, [], ['2025-11-28']))).toEqual([
    'Fees of 2 USDT are 20 % of the 10 USDT made before them.',
  ])
  expect(reportObservations([])).toEqual([])
})
