import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { readRows } from '../read-rows.ts'
import type { TimeUnit } from './import-options.ts'

/**
 * How a file is read. `fast`: values in the types that they seem to have, so that the engine parses
 * them on its threads; a value that does not fit ends it. `text`: as text, so that what does not
 * fit is found by us, with its line. `tolerant`: as text, and lines that are no rows are passed over.
 */
export type Reading = 'fast' | 'text' | 'tolerant'

interface FileColumn {
  readonly name: string
  readonly type: string
}

/**
 * A file of rows, read by a DuckDB instance of its own: it parses on other threads than the one
 * that writes, and a file from outside never meets the pairs' engine.
 */
export class ImportSource {
  readonly file: string
  readonly columns: readonly FileColumn[]
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #relation: (reading: Reading) => string
  readonly #hasHeader: boolean

  private constructor(of: {
    file: string
    columns: readonly FileColumn[]
    instance: DuckDBInstance
    connection: DuckDBConnection
    relation: (reading: Reading) => string
  }) {
    this.file = of.file
    this.columns = of.columns
    this.#instance = of.instance
    this.#connection = of.connection
    this.#relation = of.relation
    this.#hasHeader = !of.columns.every(({ name }) => /^column\d+$/.test(name))
  }

  static async open(file: string, format: FileFormat | undefined): Promise<ImportSource> {
    const path = await readablePath(file)
    const instance = await DuckDBInstance.create(':memory:')
    try {
      const connection = await instance.connect()
      await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
      const kind = format ?? formatOf(file)
      const columns = await describe(connection, path, kind)
      const relation = (reading: Reading): string => relationOf(path, kind, columns, reading)
      return new ImportSource({ file, columns, instance, connection, relation })
    } catch (error) {
      instance.closeSync()
      throw importFailed(file, error)
    }
  }

  /** 0 … 1 of the file, where the engine can tell. */
  get fraction(): number | undefined {
    const { percentage } = this.#connection.progress
    return percentage >= 0 ? percentage / 100 : undefined
  }

  /** Chunks of the selected expressions over the file's rows, in its order. */
  async *chunks(
    select: string,
    { reading, from = 0, count }: { reading: Reading; from?: number; count?: number },
  ): AsyncGenerator<DuckDBDataChunk> {
    const part = `${count === undefined ? '' : ` LIMIT ${count}`}${from === 0 ? '' : ` OFFSET ${from}`}`
    const result = await this.#connection.stream(
      `SELECT ${select} FROM ${this.#relation(reading)}${part}`,
    )
    for (;;) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) return
      yield chunk
    }
  }

  /** The raw value of a column in one row, for a message. */
  async valueAt(row: number, column: string): Promise<unknown> {
    // Standard input cannot be read again.
    if (this.file === '-') return undefined
    const [found] = await readRows<{ value: unknown }>(
      this.#connection,
      `SELECT ${quoted(column)} AS value FROM ${this.#relation('tolerant')} LIMIT 1 OFFSET ${row}`,
    ).catch(() => [])
    return found?.value
  }

  /** Lines that were no rows at all and were passed over in a tolerant reading. */
  async rejectedLines(): Promise<number> {
    const [found] = await readRows<{ lines: number }>(
      this.#connection,
      'SELECT count(DISTINCT line) AS lines FROM reject_errors',
    ).catch(() => [])
    return found?.lines ?? 0
  }

  /** The first time in the file, as text, to guess its unit by. */
  async firstValue(column: string): Promise<string | undefined> {
    const [found] = await readRows<{ value: string }>(
      this.#connection,
      `SELECT ${quoted(column)}::VARCHAR AS value FROM ${this.#relation('tolerant')}
       WHERE ${quoted(column)} IS NOT NULL LIMIT 1`,
    )
    return found?.value
  }

  /** Where a person finds the row: its line in a text file, its number in another. */
  lineOf(row: number): number {
    return row + (this.#hasHeader ? 2 : 1)
  }

  /** The row of a line that the engine complained of. */
  rowOf(line: number): number {
    return line - (this.#hasHeader ? 2 : 1)
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

export function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

/** The expression that reads a column as TIMESTAMP, NULL where it is no time. */
export function timeExpression(column: string, type: string, unit: TimeUnit): string {
  const name = quoted(column)
  if (/^(?:TIMESTAMP|DATE)/.test(type)) return `${name}::TIMESTAMP`
  if (unit === 'iso') return `try_cast(${name} AS TIMESTAMPTZ)::TIMESTAMP`
  if (unit === 'ns') return `make_timestamp(round(try_cast(${name} AS BIGINT) / 1000)::BIGINT)`
  const factor = { s: 1_000_000, ms: 1000, us: 1 }[unit]
  const whole = `try_cast(${name} AS BIGINT) * ${factor}`
  if (type.endsWith('INT')) return `make_timestamp(${whole})`
  // A cast to BIGINT would round a fraction away; exact decimals keep its microseconds.
  return `make_timestamp(CASE WHEN contains(${name}::VARCHAR, '.')
    THEN round(try_cast(${name} AS DECIMAL(38, 9)) * ${factor})::BIGINT ELSE ${whole} END)`
}

/** By magnitude: seconds until 1e11 (year 5138), then ms, µs, ns; text that is no number is ISO. */
export function guessTimeUnit(value: string | undefined): TimeUnit {
  const number = Number(value)
  if (value === undefined || !Number.isFinite(number)) return 'iso'
  if (number < 1e11) return 's'
  if (number < 1e14) return 'ms'
  return number < 1e17 ? 'us' : 'ns'
}

export function importFailed(file: string, error: unknown, detail = ''): PairduckError {
  if (error instanceof PairduckError) return error
  const message = error instanceof Error ? error.message : String(error)
  const lines = message.split('\n').map((line) => line.trim())
  return new PairduckError('IMPORT_FAILED', `${file}: ${detail}${lines[0]}`, { cause: error, file })
}

async function readablePath(file: string): Promise<string> {
  if (file === '-') return '/dev/stdin'
  if (file.includes('\0')) throw new TypeError('a file name cannot hold NUL')
  const path = resolve(file)
  try {
    if ((await stat(path)).isDirectory())
      throw new PairduckError('IMPORT_FAILED', `${file} is a folder, not a file`, { file })
    return path
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new PairduckError('IMPORT_FAILED', `${file}: there is no such file`, {
        file,
        cause: error,
      })
    throw error
  }
}

/**
 * The columns by name, with the type that their values seem to have. Text where the engine's guess
 * fails or finds other columns than a patient reading does: a short line misleads it.
 */
async function describe(
  connection: DuckDBConnection,
  path: string,
  format: FileFormat,
): Promise<FileColumn[]> {
  const columnsOf = (reading: Reading): Promise<FileColumn[]> =>
    readRows<FileColumn>(
      connection,
      `SELECT column_name AS name, column_type AS type
       FROM (DESCRIBE SELECT * FROM ${relationOf(path, format, [], reading)})`,
    )
  const patient = await columnsOf('text')
  if (format !== 'csv' || path === '/dev/stdin') return patient
  const guessed = await columnsOf('fast').catch(() => [])
  const same =
    guessed.length === patient.length &&
    guessed.every(({ name }, index) => name === patient[index]!.name)
  return same ? guessed : patient
}

type FileFormat = 'csv' | 'jsonl' | 'parquet'

function formatOf(file: string): FileFormat {
  if (/\.parquet$/i.test(file)) return 'parquet'
  return /\.(?:jsonl|ndjson|json)(?:\.gz)?$/i.test(file) ? 'jsonl' : 'csv'
}

function relationOf(
  path: string,
  format: FileFormat,
  columns: readonly FileColumn[],
  reading: Reading,
): string {
  // Brackets and asterisks in a name are letters here, not patterns.
  const name = `'${path.replaceAll(/[*?[]/g, '[$&]').replaceAll(`'`, `''`)}'`
  if (format === 'parquet') return `read_parquet(${name})`
  if (format === 'jsonl')
    return `read_json(${name}, format = 'newline_delimited', ignore_errors = ${reading === 'tolerant'}, convert_strings_to_integers = false)`
  if (reading === 'fast') return `read_csv(${name}${fastTypes(columns)})`
  const errors = reading === 'tolerant' ? 'store_rejects = true' : 'ignore_errors = false'
  return `read_csv(${name}, all_varchar = true, null_padding = true, ${errors})`
}

/** Whole numbers, decimals and truth as such; all else as text: an id `007` is not the number 7. */
function fastTypes(columns: readonly FileColumn[]): string {
  if (columns.length === 0) return ''
  const kept = columns.map(({ name, type }) => {
    const isId = /(^|_)(id|a|t)$|Id$/.test(name)
    const fast = !isId && ['BIGINT', 'DOUBLE', 'BOOLEAN', 'TIMESTAMP'].includes(type)
    return `'${name.replaceAll(`'`, `''`)}': '${fast ? type : 'VARCHAR'}'`
  })
  return `, types = {${kept.join(', ')}}`
}
