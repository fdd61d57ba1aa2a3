import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { arePlainNumbers } from '../duckdb/packed-ids.ts'
import { readRows } from '../duckdb/read-rows.ts'
import {
  textReference,
  textRelation,
  type ColumnReference,
  type FileColumn,
} from './file-relation.ts'
import type { InputFile } from './formats/format.ts'
import type { RowFile } from './formats/row-file.ts'
import type { BrokenLine, TextFile } from './text-file.ts'

/** What reads the file's rows: expressions over its columns, and of which type these are. */
export interface Selection {
  /** Column → the type as which the engine parses it; text where none is named. */
  readonly types: Readonly<Record<string, string>>
  /** The expressions, given how to name a column. */
  readonly expressions: (column: (name: string) => ColumnReference) => readonly string[]
  /**
   * Where the first ids are plain numbers: the place of their expression, and their column. They are
   * read as they are up to one that is none: to plan what reads every id takes as long as 8,000 rows.
   */
  readonly plainIds?: { readonly at: number; readonly column: string } | undefined
}

/** A file of rows that is read by the engine of an {@link ImportInput}. */
export class ImportSource {
  /** How messages call it. */
  readonly file: string
  readonly columns: readonly FileColumn[]
  readonly isEmpty: boolean
  /** How the file's text is laid out; undefined for a binary format. */
  readonly text: TextFile | undefined
  /** Why the file ends before its end; undefined for a whole one. */
  readonly cut: unknown
  /** What the engine said when it could not begin to read. */
  failure: unknown
  readonly #rows: RowFile
  readonly #connection: DuckDBConnection
  readonly #siftedPath: string

  constructor(file: InputFile, rows: RowFile, connection: DuckDBConnection, siftedPath: string) {
    this.file = file.name
    this.columns = rows.columns
    this.isEmpty = rows.isEmpty
    this.text = rows.text
    this.cut = file.cut ?? rows.cut
    this.#rows = rows
    this.#connection = connection
    this.#siftedPath = siftedPath
  }

  /** 0 … 1 of the file, where the engine can tell. */
  get fraction(): number | undefined {
    const { percentage } = this.#connection.progress
    return percentage >= 0 ? percentage / 100 : undefined
  }

  /** The file's rows, in their order; undefined at the end when the engine gave up in between. */
  async *chunks(selection: Selection): AsyncGenerator<DuckDBDataChunk | undefined> {
    const typeOf = (column: string): string => this.#typeOf(column, selection)
    const named = (name: string): ColumnReference =>
      this.#joined(name, (part) => this.#rows.reference(part, typeOf(part)))
    const expressions = selection.expressions(named)
    const relation = this.#rows.relation(typeOf)
    const { plainIds } = selection
    let rows = 0
    if (plainIds !== undefined) {
      const asTheyAre = expressions.with(plainIds.at, named(plainIds.column).sql)
      let isOdd = false
      for await (const chunk of this.#stream(asTheyAre, relation)) {
        isOdd = chunk !== undefined && !arePlainNumbers(chunk, plainIds.at)
        if (isOdd) break
        rows += chunk?.rowCount ?? 0
        yield chunk
      }
      if (!isOdd) return
    }
    yield* this.#stream(expressions, rows === 0 ? relation : `${relation} OFFSET ${rows}`)
  }

  /**
   * Copies the rows from a number on, as text that fits its columns whatever the file holds: up to
   * the first line that is no row, which is returned, or with `skip` without such lines.
   */
  sift(part: Parameters<TextFile['sift']>[1]): Promise<BrokenLine | undefined> {
    return this.text!.sift(this.#siftedPath, part)
  }

  /** The rows that {@link sift} copied. */
  siftedChunks(selection: Selection): AsyncGenerator<DuckDBDataChunk | undefined> {
    const { delimiter, columns } = this.text!
    return this.#stream(
      selection.expressions((name) =>
        this.#joined(name, (part) => textReference(columns, part, 'VARCHAR')),
      ),
      textRelation(this.#siftedPath, { delimiter, columns, skippedLines: 0 }, () => 'VARCHAR'),
    )
  }

  /** The different values of a column in the whole file, as text, up to a number of them. */
  async distinct(column: string, limit: number): Promise<readonly string[]> {
    const { sql } = this.#rows.reference(column, this.#typeOf(column))
    const rows = await readRows<{ value: string }>(
      this.#connection,
      `SELECT DISTINCT coalesce(trim(${sql}::VARCHAR), '') AS value
       FROM ${this.#rows.relation(() => 'VARCHAR', true)} LIMIT ${limit}`,
    )
    return rows.map(({ value }) => value).toSorted()
  }

  /** Where a person finds the row, and its raw value in a column. */
  async locate(row: number, column: string): Promise<{ line: number; value: unknown }> {
    const [first, ...more] = await Promise.all(
      this.#parts(column).map((part) => this.#rows.locate(row, part)),
    )
    if (more.length === 0) return first!
    return { line: first!.line, value: [first!, ...more].map(({ value }) => value).join(' ') }
  }

  /** The first values of a column, as text. */
  samples(column: string): readonly string[] {
    const [first = [], ...more] = this.#parts(column).map((part) => this.#rows.samples(part))
    return more.length === 0
      ? first
      : first.map((value, row) => [value, ...more.map((values) => values[row] ?? '')].join(' '))
  }

  /** `Date+Time` are two columns, unless one is called so. */
  #parts(column: string): readonly string[] {
    return this.columns.some(({ name }) => name === column) ? [column] : column.split('+')
  }

  #joined(column: string, reference: (part: string) => ColumnReference): ColumnReference {
    const [first, ...more] = this.#parts(column).map(reference)
    if (more.length === 0) return first!
    const texts = [first!, ...more].map(({ sql }) => `${sql}::VARCHAR`)
    return { sql: `concat_ws(' ', ${texts.join(', ')})`, type: 'VARCHAR' }
  }

  #typeOf(column: string, selection?: Selection): string {
    if (this.text !== undefined) return selection?.types[column] ?? 'VARCHAR'
    return this.columns.find(({ name }) => name === column)!.type
  }

  /**
   * A stream that fails after its first rows ends like one that is complete, without an error. A
   * last row of our own tells them apart.
   */
  async *#stream(
    expressions: readonly string[],
    relation: string,
  ): AsyncGenerator<DuckDBDataChunk | undefined> {
    const nothing = expressions.map(() => 'NULL').join(', ')
    const result = await this.#connection
      .stream(
        `(SELECT ${expressions.join(', ')}, false FROM ${relation})
         UNION ALL SELECT ${nothing}, true`,
      )
      .catch((error: unknown) => {
        this.failure = error
      })
    for (;;) {
      const chunk = result === undefined ? undefined : await result.fetchChunk()
      if (chunk === undefined || chunk === null || chunk.rowCount === 0) {
        yield undefined
        return
      }
      const last = chunk.getColumnVector(expressions.length).getItem(chunk.rowCount - 1) === true
      if (last) chunk.rowCount--
      if (chunk.rowCount > 0) yield chunk
      if (last) return
    }
  }
}
