import { flag, integer, optional, resolveOptions, rule, type OptionRule } from '../../options.ts'
import { isTimeframe, type Timeframe } from '../../time.ts'
import type { PairduckError } from '../../errors.ts'
import {
  resolveImportOptions,
  type CandleImportReport,
  type ImportOptions,
  type ImportReport,
} from './import-options.ts'

/** What became of one of many files. */
export interface ImportedFile {
  /** Path of the file. */
  readonly file: string
  /** `exchange/market/symbol`. */
  readonly pair: string
  /** `skipped`: it was imported before, with the same options. */
  readonly status: 'imported' | 'skipped' | 'stopped' | 'failed'
  /** What became of its rows; undefined where it was skipped or failed. */
  readonly report: ImportReport | CandleImportReport | undefined
  /** Why the file failed; undefined when all went well. */
  readonly error: PairduckError | undefined
}

/** How far an import of many files is. */
export interface ImportFilesProgress extends ImportedFile {
  /** Files that are done, this one among them, of how many. */
  readonly done: number
  /** Number of files. */
  readonly of: number
  /** Bytes of the files that were read so far. */
  readonly doneBytes: number
  /** Bytes of all files. */
  readonly totalBytes: number
}

/** Options of `importFiles`. */
export interface ImportFilesOptions extends ImportOptions<Readonly<Record<string, string>>> {
  /** The files hold candles of this timeframe; trades unless told otherwise. */
  readonly candles?: Timeframe | undefined
  /** Reads the pair out of each file's name: `{symbol}-trades-{date}`. */
  readonly pairFromName?: string | undefined
  /** Pairs that are imported at once, 1 to 64. Default: one per core, at most 4. */
  readonly concurrency?: number | undefined
  /** Imports files again that are known to be imported. */
  readonly again?: boolean | undefined
  /** Called when a file is done. */
  readonly onFile?: ((progress: ImportFilesProgress) => void) | undefined
}

/** What became of many files; the counts are sums over them. */
export interface ImportFilesReport {
  /** One entry per file. */
  readonly files: readonly ImportedFile[]
  /** Number of files that were imported. */
  readonly imported: number
  /** Number of files that were skipped. */
  readonly skipped: number
  /** Number of files that failed. */
  readonly failed: number
  /** Rows that are new. */
  readonly inserted: number
  /** Rows that are stored already. */
  readonly duplicates: number
  /** Rows whose id is stored with other values; not stored. */
  readonly conflicts: number
  /** Rows older than what retention has deleted. */
  readonly expired: number
  /** Candles that were replaced. */
  readonly replaced: number
  /** Rows that are no trades. */
  readonly rejected: number
  /** True when the signal ended the import early. */
  readonly stopped: boolean
}

const rules = {
  candles: rule<Timeframe | undefined>('a timeframe', isTimeframe, undefined),
  pairFromName: rule<string | undefined>(
    'a template',
    (value) => typeof value === 'string',
    undefined,
  ),
  concurrency: optional(integer(1, 64, 4)),
  again: flag(false),
  onFile: rule<((progress: ImportFilesProgress) => void) | undefined>(
    'a function',
    (value) => typeof value === 'function',
    undefined,
  ),
} satisfies Record<string, OptionRule<unknown>>

export interface ResolvedImportFilesOptions {
  readonly candles: Timeframe | undefined
  readonly pairFromName: string | undefined
  readonly concurrency: number | undefined
  readonly again: boolean
  readonly onFile: ImportFilesOptions['onFile']
  /** Those of each file. */
  readonly each: ImportOptions<Readonly<Record<string, string>>>
}

export function resolveImportFilesOptions(
  options: ImportFilesOptions | undefined,
): ResolvedImportFilesOptions {
  const { candles, pairFromName, concurrency, again, onFile, ...each } = options ?? {}
  resolveImportOptions('importFiles', each)
  const own = { candles, pairFromName, concurrency, again, onFile }
  return { ...resolveOptions('importFiles', own, rules), each }
}
