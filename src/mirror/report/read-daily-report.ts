import {
  dailyReports,
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
  const [report] = await read(source, [date], options)
  return report!
}

/** The reports of the last `days` UTC days up to and with that of `now`, oldest first. */
export async function readDailyReports(
  source: ReportSource,
  days: number,
  now: number,
  options: DailyReportOptions = {},
): Promise<DailyReport[]> {
  const dates = lastUtcDays(days, now).map(({ date }) => date)
  return read(source, dates, options)
}

async function read(
  source: ReportSource,
  dates: readonly (string | number)[],
  options: DailyReportOptions,
): Promise<DailyReport[]> {
  const [fills, balances, tickers] = await Promise.all([
    source.listFills(),
    source.getBalances(),
    source.listTickers(),
  ])
  // After the fills: those that were removed in between are in here, and count once.
  const carried = (await source.listCarried?.()) ?? []
  const currency = options.currency ?? reportCurrency([...fills, ...carried])
  const rates = { ...ratesFromTickers(tickers, currency), ...options.rates }
  return dailyReports(fills, balances, dates, { ...options, currency, rates, carried })
}
