import { mkdtemp, rm } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Query } from '../../queries/query.ts'
import { analytics, buildAnalytic, rulesOfAnalytic } from '../../serve/analytics/analytics.ts'
import {
  exportFormats,
  type ExportFormat,
  type ExportReport,
} from '../../storage/export/export-options.ts'
import { century } from '../../time.ts'
import { pairArgument, timeArgument } from '../arguments.ts'
import { windowOf, withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { asUsage, checkedUsage, UsageError } from '../failure.ts'
import { bytesText, countText } from '../figures.ts'
import { archiveFlag, requireStoredIn, withManager, type Manager } from '../manager.ts'
import { startProgress } from '../progress.ts'
import { Option } from 'commander'

interface ExportCommandOptions extends CommonOptions {
  readonly format?: ExportFormat
  readonly from?: number
  readonly to?: number
  readonly timeframe?: string
  readonly set?: string[]
  readonly overwrite: boolean
  readonly history: boolean
  readonly archive?: string
}

export const addExportCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('export'))
    .argument('<pair>', 'exchange/market/symbol', pairArgument)
    .argument('[what]', `what to write: ${Object.keys(analytics).join(', ')}`, 'ticks')
    .argument('[file]', 'where to; without one, or with -, to stdout')
    .addOption(
      new Option('--format <form>', 'default: by the file’s name; on stdout csv').choices(
        exportFormats,
      ),
    )
    .option('--from <time>', 'first moment to look at (ISO 8601 or Unix ms)', timeArgument)
    .option('--to <time>', 'first moment after it', timeArgument)
    .option('--timeframe <length>', 'length of a bar, for what has bars')
    .option('--set <name=value...>', 'any other option of the analytic, such as binSize=5')
    .option('--overwrite', 'replace a file of that name', false)
    .addOption(archiveFlag())
    .option('--history', 'read the archive too', false)
    .addHelpText('after', '\nThe file takes its name when it is whole; --json prints its figures.')
    .action(
      async (
        pair: string,
        what: string,
        file: string | undefined,
        options: ExportCommandOptions,
      ) => {
        const { dataDir, archive } = options
        const query = queryOf(what, options)
        await requireStoredIn(dataDir, pair)
        const opened = { dataDir, ...(archive !== undefined && { archive }) }
        await withManager({ ...opened, terminal: context.terminal }, async (db) => {
          const job = { db, pair, query, options }
          if (file === undefined || file === '-') await toStdout(context, job)
          else printReport(context, await toFile(context, job, file), options)
        })
      },
    )
}

interface Job {
  readonly db: Manager
  readonly pair: string
  readonly query: Query<unknown>
  readonly options: ExportCommandOptions
}

/** The query of an analytic, with its options by the names that they have everywhere. */
function queryOf(what: string, options: ExportCommandOptions): Query<unknown> {
  if (!Object.hasOwn(analytics, what))
    throw new UsageError(
      `nothing is called ${what}: give one of ${Object.keys(analytics).join(', ')}`,
    )
  const { timeframe, set = [] } = options
  const pairs = set.map((text): [string, string] => {
    const at = text.indexOf('=')
    if (at < 1) throw new UsageError(`--set takes name=value, got ${text}`)
    return [text.slice(0, at), text.slice(at + 1)]
  })
  const bars = timeframe ?? ('timeframe' in rulesOfAnalytic(what) ? '1m' : undefined)
  return checkedUsage(() =>
    buildAnalytic(what, {
      ...windowOf(options),
      ...(bars === undefined ? {} : { timeframe: bars }),
      ...Object.fromEntries(pairs),
    }),
  )
}

async function toFile(context: CliContext, job: Job, file: string): Promise<ExportReport> {
  const { db, pair, query, options } = job
  const { format, overwrite, history } = options
  const progress = startProgress(context.terminal, 1, {
    format: '{rows} rows  {duration_formatted}',
    figures: { rows: '0' },
  })
  try {
    const { signal } = context
    const onProgress = (rows: number): void => progress.update(0, { rows: countText(rows) })
    return await db
      .export(pair, query, file, { format, overwrite, history, signal, onProgress })
      .catch(asUsage)
  } finally {
    progress.stop()
  }
}

async function toStdout(context: CliContext, { db, pair, query, options }: Job): Promise<void> {
  const { format = options.json ? 'json' : 'csv', history } = options
  const { signal, terminal } = context
  if (terminal.isInteractive && (format === 'parquet' || format === 'arrow'))
    throw new UsageError(`${format} is nothing for a terminal: name a file, or pass it on`)
  if (format !== 'parquet') {
    const { writeRows } = await import('../../storage/export/export-file.ts')
    const { formatNamed } = await import('../../storage/export/row-formats.ts')
    const stream = await db.streamColumns(pair, query, {
      signal,
      history,
      timeoutMs: century,
      batchRows: formatNamed(format).batchRows,
    })
    await writeRows(stream, format, { to: terminal.stdout, signal, end: false })
    return
  }
  // Its table of contents is at the end of it: it is whole before any of it is passed on.
  const folder = await mkdtemp(join(tmpdir(), 'pairduck-export-'))
  try {
    const file = join(folder, 'rows.parquet')
    await db.export(pair, query, file, { signal, history })
    await pipeline(createReadStream(file), terminal.stdout, { end: false, signal })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function printReport(
  { terminal }: CliContext,
  report: ExportReport,
  { json }: ExportCommandOptions,
): void {
  const { pair, file, rows, bytes } = report
  if (json) terminal.printJson(report)
  else terminal.print(`${countText(rows)} rows of ${pair} in ${file}, ${bytesText(bytes)}`)
}
