import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { PairduckError } from '../../errors.ts'
import { parsePair } from '../../pair.ts'
import type {
  CandleImportReport,
  ImportOptions,
  ImportReport,
} from '../../storage/import/import-options.ts'
import { refusePipe } from '../../storage/import/standard-input.ts'
import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand } from '../command.ts'
import { exitInterrupted, type CliContext } from '../context.ts'
import { asUsage, UsageError } from '../failure.ts'
import { bytesText, countedText, countText, durationText } from '../figures.ts'
import { printFormats } from '../import/format-list.ts'
import {
  addImportOptions,
  keepsForeverNote,
  keptCandles,
  libraryOptions,
  type ColumnMap,
  type ImportCommandOptions,
} from '../import/import-options.ts'
import { reopenPast } from '../import/reopen-past.ts'
import { importMany } from '../import/many-files.ts'
import { keepYoungSpaceSmall } from '../import/young-space.ts'
import { lastLineIsOpen } from '../last-line.ts'
import { pairBytes, withManager } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { estimateRows } from '../row-estimate.ts'
import { startProgress } from '../progress.ts'

type Report = ImportReport | CandleImportReport

const progressSteps = 1_000
/** What `export` and others take where this takes its first file. */
const tableWords = new Set(['ticks', 'trades', 'candles'])

export const addImportCommand: AddCommand = (program, context) => {
  addImportOptions(withCommonOptions(program.command('import'))).action(
    async (pair: string | undefined, files: string[], options: ImportCommandOptions) => {
      if (options.formats) return printFormats(context, options)
      keepYoungSpaceSmall()
      const [first] = files
      if (pair === undefined || first === undefined)
        throw new UsageError(
          `missing ${pair === undefined ? 'pair and ' : ''}files: pairduck import binance/spot/BTCUSDT trades.csv`,
        )
      if (tableWords.has(first) && !(await stat(first).catch(() => undefined)))
        throw new UsageError(
          `import takes files after the pair, and ${first} is none: it stores ticks, or candles with --candles 1m`,
        )
      if (options.reopen !== undefined) {
        if (options.pairFromName !== undefined || options.pairFrom !== undefined)
          throw new UsageError('--reopen opens the past of one pair: name the pair')
        for (const file of files) if (!(await isFolderOrPattern(file))) await requireFile(file)
        await reopenPast(pairOf(pair, options), options, context)
      }
      const isOne = files.length === 1 && options.pairFromName === undefined && !options.again
      if (isOne && (first === '-' || !(await isFolderOrPattern(first))))
        return importOne(pairOf(pair, options), first, options, context)
      await importMany(
        options.pairFromName === undefined ? pairOf(pair, options) : pair,
        files,
        options,
        context,
      )
    },
  )
}

/** Where an instrument column gives the symbol, `exchange/market` is enough. */
function pairOf(pair: string, { pairFrom }: ImportCommandOptions): string {
  const isOpen = pairFrom !== undefined && pair.split('/').length === 2
  return pairArgument(isOpen ? `${pair}/-` : pair)
}

async function isFolderOrPattern(input: string): Promise<boolean> {
  const found = await stat(input).catch(() => undefined)
  return found === undefined ? /[*?{]/.test(input) : found.isDirectory()
}

async function importOne(
  pair: string,
  file: string,
  options: ImportCommandOptions,
  context: CliContext,
): Promise<void> {
  await requireFile(file)
  const started = performance.now()
  const report = await importWithProgress(pair, file, options, context)
  const tookMs = performance.now() - started
  const { timeUnitGuessed: _guessed, ...counts } = report
  sayGuess(report, context)
  for (const note of report.notes) context.terminal.note(note)
  sayExpired(report, context)
  if (report.retention === 'forever') context.terminal.note(keepsForeverNote(pair))
  if (file !== '-' && !report.stopped && rowsOf(report) > 0 && (await lastLineIsOpen(file)))
    context.terminal.note(
      `${file} has no line end after its last row, which is stored as it stands: if the file was cut short there, that row is not the whole one`,
    )
  const bytes = await pairBytes(options.dataDir, parsePair(pair))
  printAnswer(context, options, {
    json: { ...counts, tookMs: Math.round(tookMs) },
    lines: () => [
      `${pair}: ${countsText(report)}`,
      `${countedText(rowsOf(report), 'row')} in ${durationText(tookMs)} (${countText(Math.round(rowsOf(report) / (tookMs / 1_000)))} a second), ${bytesText(bytes)} on disk`,
    ],
  })
  if (!report.stopped) return
  context.terminal.note(
    'pairduck: stopped; what is counted above is stored. Run the same command again: it adds only what is missing.',
  )
  context.exitCode = exitInterrupted
}

async function importWithProgress(
  pair: string,
  file: string,
  given: ImportCommandOptions,
  { terminal, signal }: CliContext,
): Promise<Report> {
  const { dataDir, candles } = given
  const started = performance.now()
  const wantedRows = terminal.showsProgress && file !== '-' ? await estimateRows(file) : undefined
  const share = wantedRows === undefined ? '' : '{bar} {percentage} %  '
  const left = wantedRows === undefined ? '' : '  {eta_formatted} left'
  const progress = startProgress(terminal, progressSteps, {
    format: `importing ${share}{rows} rows  {rate}/s${left}`,
    figures: { rows: '0', rate: '0' },
  })
  const options: ImportOptions<ColumnMap> = {
    ...libraryOptions(given),
    signal,
    onProgress: ({ rows }) =>
      progress.update(Math.min(1, rows / (wantedRows ?? Infinity)) * progressSteps, {
        rows: countText(rows),
        rate: countText(Math.round(rows / ((performance.now() - started) / 1_000))),
      }),
  }
  try {
    return await withManager(
      { dataDir, candles: keptCandles(candles), terminal },
      (db): Promise<Report> =>
        candles === undefined
          ? db.importTicks(pair, file, options).catch(asUsage)
          : db.importCandles(pair, candles, file, options).catch(asUsage),
    )
  } finally {
    progress.stop()
  }
}

/** Before anything is opened: a mistyped name must not leave an empty pair behind. */
async function requireFile(file: string): Promise<void> {
  if (file === '-') return
  try {
    await access(file, constants.R_OK)
    const found = await stat(file)
    refusePipe(file, found)
    if (!found.isDirectory()) return
  } catch (error) {
    if (error instanceof PairduckError) throw error
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'not readable'
    throw new PairduckError('IMPORT_FAILED', `${file}: ${reason}`, { cause: error, file })
  }
  throw new PairduckError('IMPORT_FAILED', `${file}: a folder, not a file`, { file })
}

const unitNames = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  iso: 'dates',
}

/** A guess is said aloud: a wrong one would put every trade into another year. */
function sayGuess(report: Report, { terminal }: CliContext): void {
  const { timeUnit, timeUnitGuessed } = report
  if (!timeUnitGuessed || rowsOf(report) === 0) return
  terminal.note(`times were read as ${unitNames[timeUnit]} (a guess; --time-unit says which)`)
}

/** Else a second import after a cleanup would look like one that worked. */
function sayExpired({ expired }: Report, { terminal }: CliContext): void {
  if (expired === 0) return
  terminal.note(
    `${countedText(expired, 'row')} not stored: older than what a cleanup has deleted of this pair. With --reopen all they are taken in again`,
  )
}

function countsText(report: Report): string {
  return Object.entries(report)
    .filter(([name, count]) => typeof count === 'number' && (count > 0 || name === 'inserted'))
    .map(([name, count]) => `${countText(Number(count))} ${name}`)
    .join(', ')
}

/** Rows of the file; `late` ones are counted in `inserted` already. */
function rowsOf({ inserted, expired, rejected, ...report }: Report): number {
  const rest = 'duplicates' in report ? report.duplicates + report.conflicts : report.replaced
  return inserted + expired + rejected + rest
}
