import { InvalidArgumentError } from 'commander'
import type { DailyReport } from '../../mirror/report/daily-report.ts'
import { readDailyReport, readDailyReports } from '../../mirror/report/read-daily-report.ts'
import { formatReport } from '../../mirror/report/report-document.ts'
import { utcDay } from '../../mirror/report/utc-day.ts'
import { saveReport } from '../../mirror/report/write-daily-report.ts'
import { countArgument } from '../arguments.ts'
import type { AddCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { UsageError } from '../failure.ts'
import { withMirrorOptions, withReader, type MirrorOptions } from '../mirror/connection.ts'
import { dayLines, daysTable } from '../mirror/report-table.ts'

interface ReportOptions extends MirrorOptions {
  readonly date?: string
  readonly days?: number
  readonly currency?: string
  readonly out?: string
}

const maxDays = 3_660

export const addReportCommand: AddCommand = (program, context) => {
  withMirrorOptions(program.command('report'))
    .option('--date <YYYY-MM-DD>', 'the day (default: today, as far as it has gone)', dateArgument)
    .option('--days <count>', 'a table of the last days instead', daysArgument)
    .option('--currency <asset>', 'what the profit is told in (default: the quote currency)')
    .option('--out <folder>', 'also write performance_YYYYMMDD.json there')
    .action(async (options: ReportOptions) => {
      if (options.date !== undefined && options.days !== undefined)
        throw new UsageError('--date is one day and --days are several: give one of them')
      const reports = await readReports(options, context)
      if (options.out !== undefined)
        for (const report of reports)
          context.terminal.note(`written: ${await saveReport(options.out, report)}`)
      print(reports, options, context)
    })
}

async function readReports(options: ReportOptions, { now }: CliContext): Promise<DailyReport[]> {
  const { currency, date, days } = options
  const chosen = { writtenAt: now(), ...(currency === undefined ? {} : { currency }) }
  return withReader(options, async (reader) =>
    days === undefined
      ? [await readDailyReport(reader, date ?? now(), chosen)]
      : readDailyReports(reader, days, now(), chosen),
  )
}

function print(
  reports: readonly DailyReport[],
  { json, days }: ReportOptions,
  { terminal }: CliContext,
): void {
  const [only] = reports
  if (json && days !== undefined)
    return terminal.print(
      `[\n${reports.map((report) => formatReport(report).trimEnd()).join(',\n')}\n]`,
    )
  if (json && only !== undefined) return terminal.print(formatReport(only))
  if (days !== undefined) return terminal.print(daysTable(reports, terminal))
  if (only !== undefined) terminal.print(dayLines(only, terminal).join('\n'))
}

function dateArgument(text: string): string {
  try {
    return utcDay(text).date
  } catch {
    throw new InvalidArgumentError('Expected a date as YYYY-MM-DD.')
  }
}

function daysArgument(text: string): number {
  const days = countArgument(text)
  if (days > maxDays) throw new InvalidArgumentError(`Expected at most ${maxDays}.`)
  return days
}
