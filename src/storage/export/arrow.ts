import { optionalPackage } from '../../optional-package.ts'
import type { ColumnBatch, ColumnData, StreamColumn } from '../duckdb/column-batch.ts'
import { partsOf } from './part-stream.ts'
import type { RowFormat } from './row-formats.ts'

type Arrow = typeof import('apache-arrow')

/** An Arrow IPC stream, a record batch for each of ours. */
export function arrowFormat(): RowFormat {
  return {
    contentType: 'application/vnd.apache.arrow.stream',
    // Of fewer rows a batch costs more than they do, whatever it holds.
    batchRows: 65_536,
    async *text(columns, batches) {
      const arrow = await loadArrow()
      const bytes: Uint8Array[] = []
      // What is written is taken at once: the writer keeps nothing, and never waits.
      class Taken extends arrow.AsyncByteQueue {
        override write(value: Uint8Array): void {
          bytes.push(value)
        }
      }
      const writer = new arrow.RecordBatchStreamWriter()
      const schema = new arrow.Schema(columns.map((column) => fieldOf(arrow, column)))
      const words = columns.map((column) => dictionaryOf(arrow, column))
      writer.reset(new Taken(), schema)
      for await (const batch of batches) {
        writer.write(recordBatch(arrow, { schema, words, batch }))
        yield* partsOf(bytes.splice(0))
      }
      writer.finish()
      yield* partsOf(bytes.splice(0))
    },
  }
}

/** Loaded at the first use. `PACKAGE_MISSING` where it is not installed. */
function loadArrow(): Promise<Arrow> {
  return optionalPackage('Arrow', ['apache-arrow'], () => import('apache-arrow'))
}

type Fields = ReturnType<typeof fieldOf>
type Words = ReturnType<typeof dictionaryOf>

function fieldOf(arrow: Arrow, { name, kind }: StreamColumn) {
  const types = {
    float64: () => new arrow.Float64(),
    int64: () => new arrow.Int64(),
    timestamp: () => new arrow.TimestampMicrosecond('UTC'),
    boolean: () => new arrow.Bool(),
    enum: () => new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
    utf8: () => new arrow.Utf8(),
    json: () => new arrow.Utf8(),
  }
  return new arrow.Field(name, types[kind](), true)
}

function dictionaryOf(arrow: Arrow, { words }: StreamColumn) {
  return words === undefined ? undefined : arrow.vectorFromArray(words, new arrow.Utf8())
}

function recordBatch(
  arrow: Arrow,
  given: {
    readonly schema: InstanceType<Arrow['Schema']>
    readonly words: readonly Words[]
    readonly batch: ColumnBatch
  },
) {
  const { schema, words, batch } = given
  const children = batch.columns.map((data, at) =>
    columnData(arrow, {
      field: schema.fields[at] as Fields,
      words: words[at],
      data,
      rows: batch.rows,
    }),
  )
  const struct = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: batch.rows,
    nullCount: 0,
    children,
  })
  return new arrow.RecordBatch(schema, struct)
}

function columnData(
  arrow: Arrow,
  given: {
    readonly field: Fields
    readonly words: Words
    readonly data: ColumnData
    readonly rows: number
  },
) {
  const { field, words, data, rows } = given
  const nullBitmap = bitmapOf(data.nulls, rows)
  const nullCount = data.nulls?.reduce((sum, byte) => sum + byte, 0) ?? 0
  const common = { type: field.type, length: rows, nullCount, ...(nullBitmap && { nullBitmap }) }
  const make = arrow.makeData as (props: object) => import('apache-arrow').Data
  if (data.kind === 'boolean') {
    const bits = bitmapOf(
      data.values.map((byte) => (byte === 1 ? 0 : 1)),
      rows,
    )
    return make({ ...common, data: bits })
  }
  if (data.kind === 'enum') return make({ ...common, data: signed(data.values), dictionary: words })
  if ('offsets' in data) return make({ ...common, data: data.values, valueOffsets: data.offsets })
  return make({ ...common, data: data.values })
}

function signed({ buffer, byteOffset, length }: Uint8Array): Int8Array {
  return new Int8Array(buffer, byteOffset, length)
}

/** Arrow marks what is there by a bit of 1. */
function bitmapOf(absent: Uint8Array | undefined, rows: number): Uint8Array | undefined {
  if (absent === undefined) return undefined
  const bits = new Uint8Array(Math.ceil(rows / 64) * 8)
  for (let row = 0; row < rows; row++) if (absent[row] !== 1) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}
