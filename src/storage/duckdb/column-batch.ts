import { rowMaker } from './row-maker.ts'
import { msOfMicros } from './plain-value.ts'
import { parseMarked, toldJson, wholeDigits } from './told-numbers.ts'
import type { ColumnValues } from './vector-sink.ts'

/**
 * How a column's values lie in a batch: DOUBLE, DECIMAL and the widest integers as `float64`, other
 * integers as `int64`, times as `timestamp` (microseconds since 1970), texts as `utf8`, lists and
 * structs as `json`, which is text too.
 */
export type ColumnKind = 'float64' | 'int64' | 'timestamp' | 'boolean' | 'enum' | 'utf8' | 'json'

/** A column of a stream: what every batch has in its place. */
export interface StreamColumn {
  /** The column's name. */
  readonly name: string
  /** Which array holds the values. */
  readonly kind: ColumnKind
  /** The words that an `enum` column's codes stand for. */
  readonly words?: readonly string[]
}

/** The values of one column in one batch; `nulls` has a byte for each row, 1 where it is NULL. */
export type ColumnData = { readonly nulls?: Uint8Array | undefined } & (
  | {
      readonly kind: 'float64'
      readonly values: Float64Array
      /** All digits of the numbers among them that a double rounds, by their rows. */
      readonly exact?: ReadonlyMap<number, string> | undefined
    }
  | { readonly kind: 'int64'; readonly values: BigInt64Array }
  | { readonly kind: 'timestamp'; readonly values: BigInt64Array }
  | { readonly kind: 'boolean'; readonly values: Uint8Array }
  | { readonly kind: 'enum'; readonly values: Uint8Array; readonly words: readonly string[] }
  | {
      readonly kind: 'utf8'
      /** The bytes of all texts, one after the other. */
      readonly values: Uint8Array
      /** Where each text begins, and where the last one ends. */
      readonly offsets: Int32Array
    }
  | {
      readonly kind: 'json'
      /** The bytes of all texts, one after the other. Numbers that a double rounds are told as text. */
      readonly values: Uint8Array
      /** Where each text begins, and where the last one ends. */
      readonly offsets: Int32Array
      /** By their rows, the texts that tell which of their values are such numbers, or none that JSON has. */
      readonly marked?: ReadonlyMap<number, string> | undefined
    }
)

/** Some thousand rows of a result, as columns. They are the receiver's own: nothing overwrites them. */
export interface ColumnBatch {
  /** Number of rows in the batch. */
  readonly rows: number
  /** One entry per column. */
  readonly columns: readonly ColumnData[]
}

/** The same batch in memory of its own. */
export function copyOfBatch({ rows, columns }: ColumnBatch): ColumnBatch {
  return { rows, columns: columns.map((data) => copyOfColumn(data)) }
}

function copyOfColumn(data: ColumnData): ColumnData {
  const values = data.values.slice()
  return (
    'offsets' in data ? { ...data, values, offsets: data.offsets.slice() } : { ...data, values }
  ) as ColumnData
}

/** A batch's rows as objects, as `query` gives them. */
export function rowsOfBatch(
  columns: readonly StreamColumn[],
  batch: ColumnBatch,
): Record<string, unknown>[] {
  const names = columns.map(({ name }) => name)
  return rowMaker(names)(
    batch.columns.map((data) => columnOfBatch(data, batch.rows)),
    batch.rows,
  )
}

/** The same with the digits of numbers that a double would round as text: of whole ones beyond 2^53, and long DECIMALs. */
export function exactRowsOfBatch(
  columns: readonly StreamColumn[],
  batch: ColumnBatch,
): Record<string, unknown>[] {
  const rows = rowsOfBatch(columns, batch)
  for (const [column, data] of batch.columns.entries()) {
    const { name } = columns[column]!
    const set = (row: number, value: unknown): void => {
      if (data.nulls?.[row] !== 1) rows[row]![name] = value
    }
    if (data.kind === 'int64') eachBeyondDoubles(data.values, batch.rows, set)
    if (data.kind === 'float64') for (const [row, digits] of data.exact ?? []) set(row, digits)
    if (data.kind === 'json')
      for (const [row, marked] of data.marked ?? []) set(row, JSON.parse(toldJson(marked)))
  }
  return rows
}

/** The upper half of one tells whether a double has all its digits: to look costs no BigInt. */
function eachBeyondDoubles(
  values: BigInt64Array,
  rows: number,
  give: (row: number, digits: string) => void,
): void {
  const halves = new Int32Array(values.buffer, values.byteOffset, rows * 2)
  for (let row = 0; row < rows; row++) {
    const high = halves[row * 2 + 1]!
    const digits = high >= 2 ** 21 || high <= -(2 ** 21) ? wholeDigits(values[row]!) : undefined
    if (digits !== undefined) give(row, digits)
  }
}

/** A column as `queryColumns` gives it (numbers and times as Float64Array, a NULL as NaN). */
export function columnOfBatch(
  data: ColumnData,
  rows: number,
): { values: ColumnValues; nulls: Uint8Array | undefined } {
  return { values: valuesOf(data, rows), nulls: data.nulls }
}

function valuesOf(data: ColumnData, rows: number): ColumnValues {
  const { nulls } = data
  if ('offsets' in data) {
    const text = textReader(data)
    if (data.kind === 'utf8') return withNull(rows, nulls, text)
    const marked = data.kind === 'json' ? data.marked : undefined
    return withNull(rows, nulls, (row) => {
      const given = marked?.get(row)
      return given === undefined ? (JSON.parse(text(row)) as unknown) : parseMarked(given)
    })
  }
  if (data.kind === 'float64') return withNaN(data.values, nulls)
  if (data.kind === 'boolean') return withNull(rows, nulls, (row) => data.values[row] === 1)
  if (data.kind === 'enum') return withNull(rows, nulls, (row) => data.words[data.values[row]!])
  const values = doubles(data.values, rows)
  return withNaN(data.kind === 'int64' ? values : values.map(msOfMicros), nulls)
}

/** 64-bit integers as two halves: exact up to 2^53, and twelve times faster than through BigInt. */
function doubles(values: BigInt64Array, rows: number): Float64Array {
  const low = new Uint32Array(values.buffer, values.byteOffset, rows * 2)
  const high = new Int32Array(values.buffer, values.byteOffset, rows * 2)
  const numbers = new Float64Array(rows)
  for (let row = 0; row < rows; row++)
    numbers[row] = high[row * 2 + 1]! * 0x1_0000_0000 + low[row * 2]!
  return numbers
}

function withNaN(values: Float64Array, nulls: Uint8Array | undefined): Float64Array {
  if (nulls === undefined) return values
  return values.map((value, row) => (nulls[row] === 1 ? NaN : value))
}

function withNull(
  rows: number,
  nulls: Uint8Array | undefined,
  read: (row: number) => unknown,
): unknown[] {
  const values = Array<unknown>(rows)
  for (let row = 0; row < rows; row++) values[row] = nulls?.[row] === 1 ? null : read(row)
  return values
}

function textReader({
  values,
  offsets,
}: {
  readonly values: Uint8Array
  readonly offsets: Int32Array
}): (row: number) => string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  // Where no byte is above 127 one decoded text can be cut; else each is decoded by itself.
  const ascii = values.every((byte) => byte < 128) ? bytes.toString('latin1') : undefined
  return (row) =>
    ascii?.substring(offsets[row]!, offsets[row + 1]) ??
    bytes.toString('utf8', offsets[row], offsets[row + 1])
}
