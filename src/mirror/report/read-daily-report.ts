import {
  dailyReport,
  reportCurrency,
  type DailyReport,
  type DailyReportOptions,
} from './daily-report.ts'
import { ratesFromTickers, type ReportSource } from './report-source.ts'
import { lastUtcDays } from './utc-day.ts'

/** The report of one UTC day of a mirrored account; rates that are not given are its tickers'. */
export async function readDailyReport(
  source: ReportSource,
  date: string | number,
  options: DailyReportOptions = {},
): Promise<DailyReport> {
  return (await reader(source, options))(date)
}

/** The reports of the last `days` UTC days up to and with that of `now`, oldest first. */
export async function readDailyReports(
  source: ReportSource,
  days: number,
  now: number,
  options: DailyReportOptions = {},
): Promise<DailyReport[]> {
  const report = await reader(source, options)
  return lastUtcDays(days, now).map(({ date }) => report(date))
}

/** Reads the account once, for reports of any of its days. */
async function reader(
  source: ReportSource,
  options: DailyReportOptions,
): Promise<(date: string | number) => DailyReport> {
  const [fills, balances, tickers] = await Promise.all([
    source.listFills(),
    source.getBalances(),
    source.listTickers(),
  ])
  const currency = options.currency ?? reportCurrency(fills)
  const rates = { ...ratesFromTickers(tickers, currency), ...options.rates }
  return (date) => dailyReport(fills, balances, date, { ...options, currency, rates })
}
