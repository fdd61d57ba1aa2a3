import { PairduckError, visible } from '../../errors.ts'
import { idSpaces } from '../../schema/id-spaces.ts'
import type { Candle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import type { RowCounts } from '../events/outcomes.ts'
import { total } from '../write/pending-commit.ts'
import { CandleFileBatch, planCandles } from './candle-file-batch.ts'
import { chunkRows, type FileBatch } from './batch-reading.ts'
import type { FileEngines } from './file-engines.ts'
import { importFailed } from './import-failure.ts'
import { FileImport, type FileOutcome } from './file-import.ts'
import { ImportInput } from './import-input.ts'
import type { ImportSource, Selection } from './import-source.ts'
import type { CandleImportReport, ImportReport, ResolvedImportOptions } from './import-options.ts'
import { chooseInstruments } from './instruments.ts'
import { rejectionText, type Rejection } from './rejections.ts'
import { planTicks } from './tick-plan.ts'
import { TickFileBatch, TickInference, type InsertBatch } from './tick-file-batch.ts'
import type { TimeReader } from './time-reader.ts'

/** How the rows of one source are read and stored. */
interface RowPlan<Counts> {
  readonly columns: Readonly<Record<string, string>>
  readonly time: TimeReader
  readonly selection: Selection
  readonly newBatch: (firstRow: number) => FileBatch<Counts>
  /** Called before the first row is stored, with where the file is. */
  readonly begin?: (path: string) => Promise<void>
  /** Says at the end what became of the rows. */
  readonly remark?: () => Promise<void>
}

type Noting = (text: string) => void

/** Refuses trades without ids that came before: they would be stored a second time. */
export type IdGuard = (path: string, file: string) => Promise<void>

/** Streams a file's trades into `insert`; see {@link FileImport}. */
export async function importTickFile(
  file: string,
  options: ResolvedImportOptions,
  of: { latest: number; engines: FileEngines; insert: InsertBatch; guard: IdGuard },
): Promise<ImportReport> {
  const { latest, engines, insert, guard } = of
  let inferredSides: ImportReport['inferredSides']
  let isRepeating = false
  const report = await importFile(file, options, { sum: total, engines }, (source, note) => {
    const plan = planTicks(source, options, note)
    inferredSides ??= plan.sideRule
    const makesIds = options.makeIds && !plan.hasIds
    const inference = new TickInference({ sides: plan.sideRule === 'tick', ids: makesIds })
    return {
      ...plan,
      begin: async (path) => {
        if (!plan.hasIds && !makesIds && !options.noIds) await guard(path, file)
      },
      newBatch: (firstRow) =>
        new TickFileBatch({
          rows: options.batchRows + chunkRows,
          sideField: plan.columns['side'] === undefined ? 'buyerIsMaker' : 'side',
          latest,
          firstRow,
          inference,
          idSpace: makesIds ? idSpaces.made : plan.idSpace,
          insert,
        }),
      remark: async () => {
        if (!plan.hasIds && !makesIds) note(withoutIds(file, options))
        if (plan.sideRule === 'tick')
          note('sides were inferred by the tick rule: the file has none')
        const repeated = await repeatedText(source, plan.columns, inference)
        isRepeating ||= repeated !== undefined
        note(repeated ?? '')
      },
    }
  })
  const others = isRepeating || report.conflicts === 0 ? [] : [conflictText(report.conflicts)]
  return { ...report, inferredSides, notes: [...report.notes, ...others] }
}

/** Ids of a file that are stored already, and came once in it. */
function conflictText(conflicts: number): string {
  const rows = conflicts === 1 ? '1 row was' : `${conflicts} rows were`
  return `${rows} not stored: under the id a trade of the same second is stored with another price, size or side. Where the file is of another instrument, or counts its ids otherwise, import it into a pair of its own`
}

/** Streams a file's candles into `insert`; those that were there count as `replaced`. */
export async function importCandleFile(
  file: string,
  of: { timeframe: Timeframe; latest: number; engines: FileEngines },
  options: ResolvedImportOptions,
  insert: (candles: Candle[], instrument: string | undefined) => Promise<RowCounts>,
): Promise<CandleImportReport> {
  return importFile(file, options, { sum: totalRows, engines: of.engines }, (source) => ({
    ...planCandles(source, options),
    newBatch: () => new CandleFileBatch({ ...of, rows: options.batchRows + chunkRows, insert }),
  }))
}

function totalRows(counts: readonly RowCounts[]): RowCounts {
  return {
    inserted: counts.reduce((all, { inserted }) => all + inserted, 0),
    replaced: counts.reduce((all, { replaced }) => all + replaced, 0),
    expired: counts.reduce((all, { expired }) => all + expired, 0),
  }
}

type FileReport<Counts> = Counts & Omit<CandleImportReport, keyof RowCounts>

/** Every file of rows in a file, one after the other. */
async function importFile<Counts>(
  file: string,
  options: ResolvedImportOptions,
  { sum, engines }: { sum: (counts: readonly Counts[]) => Counts; engines: FileEngines },
  planOf: (source: ImportSource, note: Noting) => RowPlan<Counts>,
): Promise<FileReport<Counts>> {
  const notes = new Set<string>()
  const note = (text: string): unknown => text !== '' && notes.add(text)
  const outcomes: FileOutcome<Counts>[] = []
  let time: TimeReader | undefined
  let rows = 0
  const input = await ImportInput.open(file, options, engines, note)
  try {
    for await (const source of input.sources()) {
      if (source.columns.length === 0) throw withoutRows(source)
      const plan = planOf(source, note)
      time ??= plan.time
      const choice = await chooseInstruments(source, plan.columns, options)
      if (rows === 0) await plan.begin?.(input.path)
      const reading = new FileImport({ ...plan, source, choice, options, progressFrom: rows })
      outcomes.push(await reading.run())
      rows += reading.rows
      if (reading.rows > 0) await plan.remark?.()
      if (options.signal?.aborted === true) break
    }
  } finally {
    await input.close()
  }
  const rejections = outcomes.flatMap((outcome): readonly Rejection[] => outcome.rejections)
  if (rejections.length > 0) note(`left out: ${rejectionText(rejections)}`)
  return {
    ...sum(outcomes.flatMap(({ stored }) => stored)),
    rejected: outcomes.reduce((all, { rejected }) => all + rejected, 0),
    rejections,
    filtered: outcomes.reduce((all, { filtered }) => all + filtered, 0),
    timeUnit: time?.unit ?? 'iso',
    timeUnitGuessed: time?.guessed ?? false,
    notes: [...notes],
    stopped: outcomes.some(({ stopped }) => stopped),
  }
}

function withoutIds(file: string, { idScope }: ResolvedImportOptions): string {
  const why =
    idScope === 'none'
      ? 'ids are not used'
      : `${visible(file)} has no column of trade ids (--columns tradeId=… names one)`
  return `${why}: importing it again would store every trade a second time, and needs --no-ids (\`noIds\`); --make-ids (\`makeIds\`) makes ids of what the rows say, and then only what is missing is added`
}

async function repeatedText(
  source: ImportSource,
  columns: Readonly<Record<string, string>>,
  { repeated }: TickInference,
): Promise<string | undefined> {
  if (repeated.firstRow === undefined) return undefined
  const { line } = await source.locate(repeated.firstRow, columns['tradeId']!)
  const rows = repeated.count === 1 ? '1 row was' : `${repeated.count} rows were`
  return `${rows} not stored, the first at line ${line}: the id in column \`${visible(columns['tradeId']!)}\` came again within a second, which stands for the same trade. Where they are several fills under one id, use --id-scope price (an id counts with its price) or --id-scope none (ids are left out; with --make-ids they are made)`
}

function withoutRows({ file, text, isEmpty, cut }: ImportSource): PairduckError {
  if (cut !== undefined) {
    const { message } = importFailed(file, cut)
    const details = { file, rows: 0, cause: cut }
    return new PairduckError('IMPORT_FAILED', `${message}; nothing of it is stored`, details)
  }
  const reason =
    text === undefined || isEmpty
      ? 'is empty'
      : 'is not JSON lines: no line at its beginning is a JSON object (jq -c . makes lines of objects)'
  return new PairduckError('IMPORT_FAILED', `${visible(file)} ${reason}; nothing of it is stored`, {
    file,
  })
}
