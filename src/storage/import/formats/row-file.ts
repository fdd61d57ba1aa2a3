import type { ColumnReference, FileColumn } from '../file-relation.ts'
import type { TextFile } from '../text-file.ts'

/** A file of rows that was opened. */
export interface RowFile {
  readonly columns: readonly FileColumn[]
  /** Whether it has no row at all, not even a header. */
  readonly isEmpty: boolean
  /** How its text is laid out; undefined for a binary format. */
  readonly text: TextFile | undefined
  /** What the engine reads the rows from, `typeOf` saying as what it parses each column. */
  readonly relation: (typeOf: (column: string) => string, lenient?: boolean) => string
  readonly reference: (column: string, type: string) => ColumnReference
  /** The first values of a column, as text. */
  readonly samples: (column: string) => readonly string[]
  /** Why it ends before its end. */
  readonly cut?: unknown
  /** Where a person finds the row, and its raw value in a column. */
  readonly locate: (row: number, column: string) => Promise<{ line: number; value: unknown }>
}
