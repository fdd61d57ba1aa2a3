import type { Delimiter } from './record-scanner.ts'

export type FileFormat = 'csv' | 'jsonl' | 'parquet'

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
interface Layout {
  readonly delimiter: Delimiter
  readonly columns: readonly string[]
  readonly hasHeader: boolean
  readonly gzip: boolean
}

/**
 * What the engine reads a file's rows from. Nothing is left to its guessing, which reads an id
 * `007` as the number 7 and is misled by a short line; without a layout it is a Parquet file.
 */
export function fileRelation(
  path: string,
  layout: Layout | undefined,
  typeOf: (column: string) => string,
): string {
  // Brackets and asterisks in a name are letters here, not patterns.
  const name = literal(path.replaceAll(/[*?[]/g, '[$&]'))
  if (layout === undefined) return `read_parquet(${name})`
  const compression = layout.gzip ? 'gzip' : 'uncompressed'
  if (layout.delimiter === undefined) {
    const paths = layout.columns.map((key) =>
      literal(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    )
    const columns = layout.columns.map((_, index) => `field[${index + 1}] AS c${index}`)
    return `(SELECT ${columns.join(', ')} FROM (
      SELECT json_extract_string(json, [${paths.join(', ')}]) AS field
      FROM read_ndjson_objects(${name}, compression = '${compression}')))`
  }
  const types = layout.columns.map((column, index) => `c${index}: '${typeOf(column)}'`)
  return `read_csv(${name}, auto_detect = false, delim = '${layout.delimiter}', quote = '"',
    escape = '"', header = ${layout.hasHeader}, compression = '${compression}',
    columns = {${types.join(', ')}})`
}

/**
 * How expressions name a column of {@link fileRelation}. Those of text go by number: to the engine
 * Binance's `t` (an id) and `T` (a time) would be one name.
 */
export function columnReference(
  layout: Pick<Layout, 'columns'> | undefined,
  name: string,
  type: string,
): ColumnReference {
  return { sql: layout === undefined ? quoted(name) : `c${layout.columns.indexOf(name)}`, type }
}

export function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll(`'`, `''`)}'`
}
