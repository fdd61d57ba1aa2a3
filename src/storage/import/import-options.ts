import {
  flag,
  integer,
  number,
  oneOf,
  optional,
  resolveOptions,
  rule,
  signalRule,
  type OptionRule,
} from '../../options.ts'
import {
  resolveRules,
  type RetentionOptions,
  type RetentionRules,
} from '../../schema/retention-policy.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import type { RowCounts } from '../events/outcomes.ts'
import type { DecimalMark } from './number-reader.ts'
import type { Rejection } from './rejections.ts'
import type { SideWords } from './side-reader.ts'
import { strptimeOf } from './time-format.ts'

/** `iso`: date and time in words, UTC where no zone is given. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'iso'

/** Which of the file's columns holds what; `buyerIsMaker` (true: the taker sold) instead of `side`. */
export type TickColumnMap = Readonly<
  Partial<Record<'timestamp' | 'price' | 'volume' | 'side' | 'buyerIsMaker' | 'tradeId', string>>
>

/** Our names of a candle's fields → the columns of a file. */
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

/** Options of `importTicks` and `importCandles`. */
export interface ImportOptions<Columns> {
  /** Our field names → the file's column names. Default: recognised by their names. */
  readonly columns?: Columns | undefined
  /** Default: guessed from the size of the first time, and told in the report. */
  readonly timeUnit?: TimeUnit | undefined
  /** How times are written, in date-fns' tokens: `dd/MM/yyyy HH:mm:ss.SSS`; UTC unless they say a zone. */
  readonly timeFormat?: string | undefined
  /**
   * What stands before the fraction of prices and sizes; the other of `.` and `,`, blanks and
   * apostrophes may then part thousands. Default: a point, and thousands are not parted.
   */
  readonly decimal?: DecimalMark | undefined
  /** Default: by the file's first bytes; what is compressed or archived is unpacked first. */
  readonly format?: 'csv' | 'jsonl' | 'json' | 'parquet' | undefined
  /** Which files of an archive are read; `*` stands for anything. */
  readonly member?: string | undefined
  /** The file's words for the sides, several parted by `|`: `{ buy: 'b|bid', sell: 's' }`. */
  readonly side?: SideWords | undefined
  /** Whose side the file gives. Default `taker`; Coinbase gives the maker's. */
  readonly sideOf?: 'taker' | 'maker' | undefined
  /**
   * Where no column tells the side: `tick` infers it by the tick rule (Lee and Ready 1991), `sign`
   * takes sizes below zero for sold ones. The report says `inferredSides`.
   */
  readonly sideRule?: 'tick' | 'sign' | undefined
  /** Only rows in which these columns have these values; `instrument` stands for the column that names it. */
  readonly where?: Readonly<Record<string, string>> | undefined
  /** The column whose value becomes the pair's symbol: one file fills several pairs. */
  readonly pairFrom?: string | undefined
  /**
   * What one id tells: `second` (default) – the same id within a second is the same trade; `price` –
   * only at the same price; `none` – nothing, ids are not stored.
   */
  readonly idScope?: 'none' | 'second' | 'price' | undefined
  /**
   * Which of the exchange's counts the ids are of, as `claimIdSpace` takes it; a pair that holds
   * another one refuses them (`ID_SPACE`). Default: told of Binance's files by their columns.
   */
  readonly idSpace?: string | undefined
  /** Makes ids for trades without one, of the row and its position among equal rows. */
  readonly makeIds?: boolean | undefined
  /** Imports again what has no ids, though every trade is then stored once more. */
  readonly noIds?: boolean | undefined
  /** Count rows that cannot be stored in `rejected` and go on, instead of stopping there. */
  readonly skipInvalid?: boolean | undefined
  /** The share of a file's rows that `skipInvalid` leaves out at most. Default 0.01; ten rows are always allowed. */
  readonly maxInvalidShare?: number | undefined
  /** Rows per commit. Default 122,880: twelve of the engine's row groups, which go past its WAL. */
  readonly batchRows?: number | undefined
  /** Ends the import after the commits in flight; what they stored stays. */
  readonly signal?: AbortSignal | undefined
  /** How long the pair's rows are kept, written into its file; as `retention` of the manager. */
  readonly retention?: RetentionOptions | undefined
  /** Called after each batch. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/** What became of a file's rows. */
export interface ImportReport extends InsertCounts {
  /** Rows that cannot be ticks; only with `skipInvalid`. */
  readonly rejected: number
  /** Why, the commonest reason first, with the line where it is met first. */
  readonly rejections: readonly Rejection[]
  /** Rows that `where` left out. */
  readonly filtered: number
  /** Whether the sides were inferred, by which rule. */
  readonly inferredSides: 'tick' | 'sign' | undefined
  /** What was skipped, left out or inferred, in sentences for a person. */
  readonly notes: readonly string[]
  /** The unit in which the times were read. */
  readonly timeUnit: TimeUnit
  /** Whether the unit was guessed. */
  readonly timeUnitGuessed: boolean
  /** True when the signal ended the import early. */
  readonly stopped: boolean
  /** There when the pair was new and its rows older than the default keeps: it now keeps them. */
  readonly retention?: 'forever'
}

/** What became of a file's candles. */
export type CandleImportReport = Omit<ImportReport, keyof InsertCounts | 'inferredSides'> &
  RowCounts

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
  timeFormat: text('a date format'),
  decimal: optional(oneOf(['.', ','], '.')),
  format: optional(oneOf(['csv', 'jsonl', 'json', 'parquet'], 'csv')),
  member: text('the name of a file'),
  side: rule<SideWords | undefined>(
    'an object { buy, sell } of words',
    (value) => isTexts(value) && ['buy', 'sell'].every((side) => side in (value as object)),
    undefined,
  ),
  sideOf: optional(oneOf(['taker', 'maker'], 'taker')),
  sideRule: optional(oneOf(['tick', 'sign'], 'tick')),
  where: rule<Readonly<Record<string, string>> | undefined>(
    'an object of columns and their values',
    isTexts,
    undefined,
  ),
  pairFrom: text('the name of a column'),
  idScope: oneOf(['none', 'second', 'price'], 'second'),
  idSpace: text('the name of an id space'),
  makeIds: flag(false),
  noIds: flag(false),
  skipInvalid: flag(false),
  maxInvalidShare: number(0, 1, 0.01),
  batchRows: integer(1, 10_000_000, 122_880),
  signal: signalRule,
  retention: rule<RetentionOptions | undefined>(
    `an object of tables, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'object' && value !== null),
    undefined,
  ),
  onProgress: rule<((progress: ImportProgress) => void) | undefined>(
    'a function',
    (value) => typeof value === 'function',
    undefined,
  ),
}

type Defaulted =
  | 'retention'
  | 'skipInvalid'
  | 'maxInvalidShare'
  | 'batchRows'
  | 'idScope'
  | 'makeIds'
  | 'noIds'

export interface ResolvedImportOptions extends Required<
  Omit<ImportOptions<Readonly<Record<string, string>>>, Defaulted>
> {
  readonly skipInvalid: boolean
  readonly maxInvalidShare: number
  readonly batchRows: number
  readonly idScope: 'none' | 'second' | 'price'
  readonly makeIds: boolean
  readonly noIds: boolean
  readonly retention: RetentionRules
}

export function resolveImportOptions(
  caller: string,
  options: ImportOptions<object> | undefined,
): ResolvedImportOptions {
  const resolved = resolveOptions(caller, options, rules)
  // A format that is none is a mistake of the caller's, not of a file.
  if (resolved.timeFormat !== undefined) strptimeOf(resolved.timeFormat)
  if (resolved.timeFormat !== undefined && resolved.timeUnit !== undefined)
    throw new TypeError(`${caller}: \`timeFormat\` and \`timeUnit\` say the same thing: give one`)
  return { ...resolved, retention: resolveRules(resolved.retention) }
}

function text(expected: string): OptionRule<string | undefined> {
  return rule(expected, isText, undefined)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isTexts(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each) => typeof each === 'string')
  )
}
