import { DuckDBTypeId, type DuckDBDecimalType } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { decimalDigits, decimalNumber } from './told-numbers.ts'
import { markNulls, unfilled, VectorSink } from './vector-sink.ts'

const half = 2 ** 32

/** Numbers that DuckDB keeps as whole ones of 16 to 128 bits, divided by a power of ten. */
export class WideNumberSink extends VectorSink {
  override readonly values: Float64Array
  readonly #bytes: 2 | 4 | 8 | 16
  readonly #signed: boolean
  readonly #scale: number
  readonly #divisor: number

  constructor(
    rows: number,
    bytes: 2 | 4 | 8 | 16,
    { signed = true, scale = 0 }: { readonly signed?: boolean; readonly scale?: number } = {},
  ) {
    super()
    this.values = new Float64Array(rows)
    this.#bytes = bytes
    this.#signed = signed
    this.#scale = scale
    // 10 ** 34 is not the double nearest to it.
    this.#divisor = Number(`1e${scale}`)
  }

  static decimal(rows: number, { width, scale }: DuckDBDecimalType): WideNumberSink {
    const bytes = width <= 4 ? 2 : width <= 9 ? 4 : width <= 18 ? 8 : 16
    return new WideNumberSink(rows, bytes, { scale })
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const { buffer, byteOffset } = duckdb.vector_get_data(vector, rows * this.#bytes)
    const view = new DataView(buffer, byteOffset, rows * this.#bytes)
    const { values } = this
    // Of a DECIMAL of more than 15 digits some are lost to a double.
    const limit = this.exact === undefined || this.#scale === 0 ? 2 ** 53 : 1e15
    for (let row = 0; row < rows; row++)
      values[at + row] = this.#small(view, row * this.#bytes, limit) ?? this.#large(view, row, at)
    markNulls(this, vector, rows, at, NaN)
  }

  /** Undefined for one beyond the limit, which is 2^53 or less. */
  #small(view: DataView, at: number, limit: number): number | undefined {
    if (this.#bytes === 2) return view.getInt16(at, true) / this.#divisor
    if (this.#bytes === 4) return view.getInt32(at, true) / this.#divisor
    if (this.#bytes === 8) {
      const high = this.#signed ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true)
      const whole = high * half + view.getUint32(at, true)
      return Math.abs(whole) < limit ? whole / this.#divisor : undefined
    }
    const upper = view.getInt32(at + 12, true)
    const small =
      (upper === 0 || (upper === -1 && this.#signed)) && view.getInt32(at + 8, true) === upper
    const middle = view.getInt32(at + 4, true)
    // Of a small one the upper half only repeats the sign.
    if (!small || middle >> 21 !== upper) return undefined
    const whole = middle * half + view.getUint32(at, true)
    return Math.abs(whole) < limit ? whole / this.#divisor : undefined
  }

  #large(view: DataView, row: number, first: number): number {
    const at = row * this.#bytes
    const wide = this.#bytes === 16
    const high = wide
      ? this.#signed
        ? view.getBigInt64(at + 8, true)
        : view.getBigUint64(at + 8, true)
      : 0n
    const low = wide || !this.#signed ? view.getBigUint64(at, true) : view.getBigInt64(at, true)
    const whole = high * 2n ** 64n + low
    const digits = this.exact === undefined ? undefined : decimalDigits(whole, this.#scale)
    if (digits !== undefined) this.exact!.set(first + row, digits)
    return decimalNumber(whole, this.#scale)
  }
}

export class BooleanSink extends VectorSink {
  override readonly values: unknown[]

  constructor(rows: number) {
    super()
    this.values = unfilled(rows)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const bytes = duckdb.vector_get_data(vector, rows)
    for (let row = 0; row < rows; row++) this.values[at + row] = bytes[row] === 1
    markNulls(this, vector, rows, at, null)
  }
}

/** Whole numbers that are wider than a double's. */
export const wideIntegers: Partial<Record<DuckDBTypeId, (rows: number) => VectorSink>> = {
  [DuckDBTypeId.UBIGINT]: (rows) => new WideNumberSink(rows, 8, { signed: false }),
  [DuckDBTypeId.HUGEINT]: (rows) => new WideNumberSink(rows, 16),
  [DuckDBTypeId.UHUGEINT]: (rows) => new WideNumberSink(rows, 16, { signed: false }),
}
