import type { Delimiter } from './record-scanner.ts'

export interface FileColumn {
  readonly name: string
  readonly type: string
}

/** A column as the engine knows it. */
export interface ColumnReference {
  readonly sql: string
  readonly type: string
}

/** How a text file is laid out. */
export interface TextLayout {
  readonly delimiter: Delimiter
  readonly columns: readonly string[]
  /** Lines before the first row, the header among them. */
  readonly skippedLines: number
}

/**
 * The engine's own 32 MB take as much memory as all else of an import, for nothing. A file of a day
 * is hardly larger than this, and what is not read of a buffer is cleared all the same.
 */
const bufferBytes = 2_097_152

/**
 * What the engine reads a text file's rows from. Nothing is left to its guessing, which reads an id
 * `007` as the number 7 and is misled by a short line. `lenient` leaves out lines that are no rows.
 */
export function textRelation(
  path: string,
  layout: TextLayout,
  typeOf: (column: string) => string,
  lenient = false,
): string {
  if (layout.delimiter === undefined) {
    const paths = layout.columns.map((key) =>
      literal(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    )
    const columns = layout.columns.map((_, index) => `field[${index + 1}] AS c${index}`)
    return `(SELECT ${columns.join(', ')} FROM (
      SELECT json_extract_string(json, [${paths.join(', ')}]) AS field
      FROM read_ndjson_objects(${fileName(path)}, compression = 'uncompressed'${lenient ? ', ignore_errors = true' : ''})))`
  }
  const types = layout.columns.map((column, index) => `c${index}: '${typeOf(column)}'`)
  return `read_csv(${fileName(path)}, auto_detect = false, delim = '${layout.delimiter}', quote = '"',
    escape = '"', header = false, skip = ${layout.skippedLines}, compression = 'uncompressed',
    buffer_size = ${bufferBytes}, ${lenient ? 'ignore_errors = true, ' : ''}columns = {${types.join(', ')}})`
}

/**
 * How expressions name a column of {@link textRelation}: by number, for to the engine Binance's `t`
 * (an id) and `T` (a time) would be one name.
 */
export function textReference(
  columns: readonly string[],
  name: string,
  type: string,
): ColumnReference {
  return { sql: `c${columns.indexOf(name)}`, type }
}

/** A path as the engine reads it: brackets and asterisks in a name are letters here, not patterns. */
export function fileName(path: string): string {
  return literal(path.replaceAll(/[*?[]/g, '[$&]'))
}

export function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

export function literal(text: string): string {
  return `'${text.replaceAll(`'`, `''`)}'`
}
