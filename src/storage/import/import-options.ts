import { flag, integer, oneOf, optional, resolveOptions, rule, signalRule } from '../../options.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import type { RowCounts } from '../events/outcomes.ts'

/** `iso`: date and time in words, UTC where no zone is given. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'iso'

/** Which of the file's columns holds what; `buyerIsMaker` (true: the taker sold) instead of `side`. */
export type TickColumnMap = Readonly<
  Partial<Record<'timestamp' | 'price' | 'volume' | 'side' | 'buyerIsMaker' | 'tradeId', string>>
>

export type CandleColumnMap = Readonly<
  Partial<
    Record<
      | 'timestamp'
      | 'open'
      | 'high'
      | 'low'
      | 'close'
      | 'volume'
      | 'buyVolume'
      | 'sellVolume'
      | 'quoteVolume'
      | 'tradeCount',
      string
    >
  >
>

/** What an import has done so far. */
export interface ImportProgress {
  /** Rows read from the file. */
  readonly rows: number
  /** 0 … 1 of the file, where the engine can tell. */
  readonly fraction: number | undefined
}

export interface ImportOptions<Columns> {
  readonly columns?: Columns | undefined
  /** Default: guessed from the size of the first time, and told in the report. */
  readonly timeUnit?: TimeUnit | undefined
  /** Default: by the file's name, for standard input by its first bytes. */
  readonly format?: 'csv' | 'jsonl' | 'parquet' | undefined
  /** Count rows that cannot be stored in `rejected` and go on, instead of stopping there. */
  readonly skipInvalid?: boolean | undefined
  /** Rows per commit. Default 122,880: twelve of the engine's row groups, which go past its WAL. */
  readonly batchRows?: number | undefined
  /** Ends the import after the commits in flight; what they stored stays. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/** What became of a file's rows. */
export interface ImportReport extends InsertCounts {
  /** Rows that cannot be ticks; only with `skipInvalid`. */
  readonly rejected: number
  /** The unit in which the times were read. */
  readonly timeUnit: TimeUnit
  /** Whether the unit was guessed. */
  readonly timeUnitGuessed: boolean
  /** True when the signal ended the import early. */
  readonly stopped: boolean
}

/** What became of a file's candles. */
export type CandleImportReport = Omit<ImportReport, keyof InsertCounts> & RowCounts

const rules = {
  columns: rule<Readonly<Record<string, string>> | undefined>(
    'an object of column names',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((name) => typeof name === 'string' && name !== ''),
    undefined,
  ),
  timeUnit: optional(oneOf(['s', 'ms', 'us', 'ns', 'iso'], 'ms')),
  format: optional(oneOf(['csv', 'jsonl', 'parquet'], 'csv')),
  skipInvalid: flag(false),
  batchRows: integer(1, 10_000_000, 122_880),
  signal: signalRule,
  onProgress: rule<((progress: ImportProgress) => void) | undefined>(
    'a function',
    (value) => typeof value === 'function',
    undefined,
  ),
}

export interface ResolvedImportOptions extends Required<
  Omit<ImportOptions<Readonly<Record<string, string>>>, 'skipInvalid' | 'batchRows'>
> {
  readonly skipInvalid: boolean
  readonly batchRows: number
}

export function resolveImportOptions(
  caller: string,
  options: ImportOptions<object> | undefined,
): ResolvedImportOptions {
  return resolveOptions(caller, options, rules)
}
