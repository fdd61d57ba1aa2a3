import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { readRows } from '../duckdb/read-rows.ts'
import {
  columnReference,
  fileRelation,
  quoted,
  type ColumnReference,
  type FileColumn,
  type FileFormat,
} from './file-relation.ts'
import { spoolInput } from './standard-input.ts'
import { TextFile } from './text-file.ts'

/** What reads the file's rows: expressions over its columns, and of which type these are. */
export interface Selection {
  /** Column → the type as which the engine parses it; text where none is named. */
  readonly types: Readonly<Record<string, string>>
  /** The expressions, given how to name a column. */
  readonly expressions: (column: (name: string) => ColumnReference) => readonly string[]
}

/**
 * A file of rows, read by a DuckDB instance of its own: it parses on other threads than the one
 * that writes, and a file from outside never meets the pairs' engine.
 */
export class ImportSource {
  readonly file: string
  readonly columns: readonly FileColumn[]
  /** How the file's text is laid out; undefined for Parquet. */
  readonly text: TextFile | undefined
  /** What the engine said when it could not begin to read. */
  failure: unknown
  readonly #path: string
  readonly #folder: string
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection

  private constructor(of: {
    file: string
    path: string
    folder: string
    text: TextFile | undefined
    columns: readonly FileColumn[]
    instance: DuckDBInstance
    connection: DuckDBConnection
  }) {
    this.file = of.file
    this.#path = of.path
    this.#folder = of.folder
    this.text = of.text
    this.columns = of.columns
    this.#instance = of.instance
    this.#connection = of.connection
  }

  /** `-` is standard input, which is first written to a file: what does not fit is looked up later. */
  static async open(
    file: string,
    format: FileFormat | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ImportSource> {
    const folder = await mkdtemp(join(tmpdir(), 'pairduck-import-'))
    const instance = await DuckDBInstance.create(':memory:')
    try {
      const connection = await instance.connect()
      await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
      const path =
        file === '-' ? await spoolInput(process.stdin, folder, signal) : await readablePath(file)
      const kind = format ?? formatOf(path)
      const text = kind === 'parquet' ? undefined : await TextFile.open(path, kind)
      const columns =
        text?.columns.map((name) => ({ name, type: 'VARCHAR' })) ??
        (await parquetColumns(connection, path))
      return new ImportSource({ file, path, folder, text, columns, instance, connection })
    } catch (error) {
      instance.closeSync()
      await rm(folder, { recursive: true, force: true })
      throw importFailed(file, error)
    }
  }

  /** 0 … 1 of the file, where the engine can tell. */
  get fraction(): number | undefined {
    const { percentage } = this.#connection.progress
    return percentage >= 0 ? percentage / 100 : undefined
  }

  /** The file's rows, in their order; undefined at the end when the engine gave up in between. */
  chunks(selection: Selection): AsyncGenerator<DuckDBDataChunk | undefined> {
    const parquet = new Map(this.columns.map(({ name, type }) => [name, type]))
    const typeOf = (column: string): string =>
      this.text === undefined ? parquet.get(column)! : (selection.types[column] ?? 'VARCHAR')
    return this.#stream(
      selection.expressions((name) => columnReference(this.text, name, typeOf(name))),
      fileRelation(this.#path, this.text, typeOf),
    )
  }

  /**
   * Copies the rows from a number on, as text that fits its columns whatever the file holds: up to
   * the first line that is no row, or with `skip` without such lines.
   */
  sift(part: { from: number; skip: boolean }): ReturnType<TextFile['sift']> {
    return this.text!.sift(this.#sifted, part)
  }

  /** The rows that {@link sift} copied. */
  siftedChunks(selection: Selection): AsyncGenerator<DuckDBDataChunk | undefined> {
    const { delimiter, columns } = this.text!
    const layout = { delimiter, columns, hasHeader: false, gzip: false }
    return this.#stream(
      selection.expressions((name) => columnReference(layout, name, 'VARCHAR')),
      fileRelation(this.#sifted, layout, asText),
    )
  }

  get #sifted(): string {
    return join(this.#folder, 'sifted')
  }

  /** Where a person finds the row, and its raw value in a column. */
  async locate(row: number, column: string): Promise<{ line: number; value: unknown }> {
    if (this.text === undefined) {
      const [found] = await readRows<{ value: string | null }>(
        this.#connection,
        `SELECT ${quoted(column)}::VARCHAR AS value
         FROM ${fileRelation(this.#path, undefined, () => '')} LIMIT 1 OFFSET ${row}`,
      )
      return { line: row + 1, value: found?.value }
    }
    const record = await this.text.recordAt(row)
    if (record === undefined) return { line: row + 1, value: undefined }
    if (this.text.delimiter === undefined) {
      const value = (JSON.parse(record.fields[0]!) as Record<string, unknown>)[column]
      return { line: record.line, value }
    }
    return { line: record.line, value: record.fields[this.text.columns.indexOf(column)] }
  }

  /** The first values of a column, as text. */
  async samples(column: string): Promise<readonly string[]> {
    if (this.text !== undefined) return this.text.samples.get(column) ?? []
    const found = await readRows<{ value: string }>(
      this.#connection,
      `SELECT ${quoted(column)}::VARCHAR AS value FROM ${fileRelation(this.#path, undefined, () => '')}
       WHERE ${quoted(column)} IS NOT NULL LIMIT 1`,
    )
    return found.map(({ value }) => value)
  }

  async close(): Promise<void> {
    this.#connection.closeSync()
    this.#instance.closeSync()
    await rm(this.#folder, { recursive: true, force: true })
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
        `SELECT ${expressions.join(', ')}, false FROM ${relation}
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

function asText(): string {
  return 'VARCHAR'
}

export function importFailed(file: string, error: unknown): PairduckError {
  if (error instanceof PairduckError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new PairduckError('IMPORT_FAILED', `${file}: ${message.split('\n', 1)[0]!.trim()}`, {
    cause: error,
    file,
  })
}

async function readablePath(file: string): Promise<string> {
  if (file.includes('\0')) throw new TypeError('a file name cannot hold NUL')
  const path = resolve(file)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (found === undefined)
    throw new PairduckError('IMPORT_FAILED', `${file}: there is no such file`, { file })
  if (found.isDirectory())
    throw new PairduckError('IMPORT_FAILED', `${file} is a folder, not a file`, { file })
  return path
}

function parquetColumns(connection: DuckDBConnection, path: string): Promise<FileColumn[]> {
  return readRows<FileColumn>(
    connection,
    `SELECT column_name AS name, column_type AS type
     FROM (DESCRIBE SELECT * FROM ${fileRelation(path, undefined, () => '')})`,
  )
}

function formatOf(file: string): FileFormat {
  if (/\.parquet$/i.test(file)) return 'parquet'
  return /\.(?:jsonl|ndjson|json)(?:\.gz)?$/i.test(file) ? 'jsonl' : 'csv'
}
