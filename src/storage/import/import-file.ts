import { PairduckError } from '../../errors.ts'
import type { Candle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { total } from '../write/pending-commit.ts'
import type { RowCounts } from '../events/outcomes.ts'
import type { TickColumns } from '../write/tick.ts'
import { CandleFileBatch, candleSelection } from './candle-file-batch.ts'
import { candleNames, mapColumns, tickNames, type KnownNames } from './column-map.ts'
import { FileImport, type FileBatch } from './file-import.ts'
import { ImportSource, type Selection } from './import-source.ts'
import type {
  CandleImportReport,
  ImportReport,
  ResolvedImportOptions,
  TimeUnit,
} from './import-options.ts'
import { guessTimeUnit } from './time-unit.ts'
import { tickSelection, TickFileBatch } from './tick-file-batch.ts'

/** Rows that the engine hands over at once; a batch may exceed its size by that. */
const chunkRows = 2048

/** Streams a file's trades into `insert`; see {@link FileImport}. */
export async function importTickFile(
  file: string,
  options: ResolvedImportOptions,
  latest: number,
  insert: (ticks: TickColumns) => Promise<InsertCounts>,
): Promise<ImportReport> {
  const needed = ['timestamp', 'price', 'volume', 'side|buyerIsMaker']
  return importFile(file, options, {
    names: tickNames,
    needed,
    select: tickSelection,
    newBatch: (columns) =>
      new TickFileBatch({
        rows: options.batchRows + chunkRows,
        sideField: columns['side'] === undefined ? 'buyerIsMaker' : 'side',
        latest,
        insert,
      }),
    sum: total,
  })
}

/** Streams a file's candles into `insert`; those that were there count as `replaced`. */
export async function importCandleFile(
  file: string,
  of: { timeframe: Timeframe; latest: number },
  options: ResolvedImportOptions,
  insert: (candles: Candle[]) => Promise<RowCounts>,
): Promise<CandleImportReport> {
  return importFile(file, options, {
    names: candleNames,
    needed: ['timestamp', 'open', 'high', 'low', 'close', 'volume'],
    select: candleSelection,
    newBatch: () => new CandleFileBatch({ ...of, rows: options.batchRows + chunkRows, insert }),
    sum: (counts) => ({
      inserted: counts.reduce((sum, { inserted }) => sum + inserted, 0),
      replaced: counts.reduce((sum, { replaced }) => sum + replaced, 0),
      expired: counts.reduce((sum, { expired }) => sum + expired, 0),
    }),
  })
}

async function importFile<Counts>(
  file: string,
  options: ResolvedImportOptions,
  of: {
    names: KnownNames
    needed: readonly string[]
    select: (columns: Readonly<Record<string, string>>, unit: TimeUnit) => Selection
    newBatch: (columns: Readonly<Record<string, string>>) => FileBatch<Counts>
    sum: (counts: readonly Counts[]) => Counts
  },
): Promise<
  Counts & { rejected: number; timeUnit: TimeUnit; timeUnitGuessed: boolean; stopped: boolean }
> {
  const source = await ImportSource.open(file, options.format, options.signal)
  try {
    const present = source.columns.map(({ name }) => name)
    if (present.length === 0) throw withoutRows(source)
    const columns = mapColumns(file, present, of.names, options.columns ?? {}, of.needed)
    const timeUnit = options.timeUnit ?? guessTimeUnit(await source.samples(columns['timestamp']!))
    const { stored, rejected, stopped } = await new FileImport({
      source,
      selection: of.select(columns, timeUnit),
      columns,
      timeUnit,
      newBatch: () => of.newBatch(columns),
      options,
    }).run()
    return {
      ...of.sum(stored),
      rejected,
      timeUnit,
      timeUnitGuessed: options.timeUnit === undefined,
      stopped,
    }
  } finally {
    await source.close()
  }
}

function withoutRows({ file, text }: ImportSource): PairduckError {
  const reason =
    text === undefined || text.isEmpty
      ? 'is empty'
      : 'is not JSON lines: no line at its beginning is a JSON object'
  return new PairduckError('IMPORT_FAILED', `${file} ${reason}; nothing is stored`, { file })
}
