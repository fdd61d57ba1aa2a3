import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { withSystemCode } from '../../errors.ts'
import { makeFolder } from '../../sync-folder.ts'
import type { DailyReport, DailyReportOptions } from './daily-report.ts'
import { readDailyReport } from './read-daily-report.ts'
import { formatReport } from './report-document.ts'
import type { ReportSource } from './report-source.ts'

/**
 * Writes `performance_YYYYMMDD.json` of one UTC day into `dir` (made when it is not there) and
 * returns its path and the report. Rates that are not given are taken from the mirrored tickers,
 * so they are today's. The file appears whole: it is written and synced under another name
 * first, and replaces an earlier one of the same day.
 */
export async function writeDailyReport(
  dir: string,
  date: string | number,
  source: ReportSource,
  options: DailyReportOptions = {},
): Promise<{ readonly file: string; readonly report: DailyReport }> {
  const report = await readDailyReport(source, date, options)
  return { file: await saveReport(dir, report), report }
}

/** Writes a report as {@link writeDailyReport} does, and returns the file's path. */
export async function saveReport(dir: string, report: DailyReport): Promise<string> {
  const file = join(dir, `performance_${report.date.replaceAll('-', '')}.json`)
  const partial = `${file}.partial-${process.pid}`
  try {
    await makeFolder(dir)
    const handle = await open(partial, 'w')
    try {
      await handle.writeFile(formatReport(report))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, file)
    return file
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined)
    throw withSystemCode(error, `report ${file}`)
  }
}
