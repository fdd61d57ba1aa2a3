import { flag, oneOf, optional, resolveOptions, rule, signalRule } from '../../options.ts'

/** The forms of an exported file. */
export const exportFormats = ['parquet', 'json', 'csv', 'ndjson', 'arrow'] as const
/** The form of an exported file. */
export type ExportFormat = (typeof exportFormats)[number]

/** Options of `export`. */
export interface ExportOptions {
  /** Default: what the file's name ends with. */
  readonly format?: ExportFormat | undefined
  /** Whether a file of that name may be replaced. Default false. */
  readonly overwrite?: boolean
  /** Reads what is archived too. Default false. */
  readonly history?: boolean | undefined
  /** Ends it; the file is then not there. */
  readonly signal?: AbortSignal | undefined
  /** Called now and then with the rows that are written so far; not for Parquet. */
  readonly onProgress?: ((rows: number) => void) | undefined
}

/** What `export` wrote. */
export interface ExportReport {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Path of the file. */
  readonly file: string
  /** Its form. */
  readonly format: ExportFormat
  /** Number of rows. */
  readonly rows: number
  /** Size in bytes. */
  readonly bytes: number
}

const rules = {
  format: optional(oneOf(exportFormats, 'parquet')),
  overwrite: flag(false),
  history: flag(false),
  signal: signalRule,
  onProgress: optional(
    rule<((rows: number) => void) | undefined>(
      'a function',
      (value) => typeof value === 'function',
      undefined,
    ),
  ),
}

/** TypeError for what does not fit, also for a file whose name tells no form. */
export function resolveExportOptions(
  file: string,
  options: ExportOptions | undefined,
): Required<Omit<ExportOptions, 'onProgress'>> & {
  readonly format: ExportFormat
  readonly onProgress: ExportOptions['onProgress']
} {
  const resolved = resolveOptions('export', options, rules)
  const format = resolved.format ?? formatOfName(file)
  if (format !== undefined) return { ...resolved, format }
  throw new TypeError(
    `export: ${file} does not end with a known form (${exportFormats.join(', ')}): give \`format\``,
  )
}

function formatOfName(file: string): ExportFormat | undefined {
  const ending = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase()
  return exportFormats.find((format) => format === ending)
}
