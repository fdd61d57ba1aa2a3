import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Balance } from '../balance.ts'
import { dailyReport, type DailyReport, type DailyReportOptions } from './daily-report.ts'
import { formatReport } from './report-document.ts'
import type { ReportFill } from './trade-history.ts'

/** The account's state as the report needs it; a `ValkeyMirror` has it. */
export interface ReportInput {
  /** All fills from the first on. */
  readonly fills: Iterable<ReportFill>
  readonly balances: Iterable<Pick<Balance, 'asset' | 'free' | 'used'>>
}

/**
 * Writes `performance_YYYYMMDD.json` of one UTC day into `dir` (made when it is not there) and
 * returns its path and the report. The file appears whole: it is written and synced under another
 * name first, and replaces an earlier one of the same day.
 */
export async function writeDailyReport(
  dir: string,
  date: string | number,
  { fills, balances }: ReportInput,
  options: DailyReportOptions = {},
): Promise<{ readonly file: string; readonly report: DailyReport }> {
  const report = dailyReport(fills, balances, date, options)
  const file = join(dir, `performance_${report.date.replaceAll('-', '')}.json`)
  await mkdir(dir, { recursive: true })
  const partial = `${file}.partial-${process.pid}`
  try {
    const handle = await open(partial, 'w')
    try {
      await handle.writeFile(formatReport(report))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return { file, report }
}
