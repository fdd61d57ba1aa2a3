import { VARCHAR, type DuckDBDataChunk } from '@duckdb/node-api'
import { PackedIds } from '../duckdb/packed-ids.ts'
import { columnSink, type ColumnSink } from '../duckdb/read-vector.ts'
import { tradeIdFault } from '../write/tick.ts'

/** The trade ids of a batch: packed as long as all are plain numbers, texts from the first other one on. */
export class IdColumn {
  #rows: number
  #packed: PackedIds | undefined
  #texts: ColumnSink | undefined

  constructor(rows: number) {
    this.#rows = rows
    this.#packed = new PackedIds(rows)
  }

  read(chunk: DuckDBDataChunk, column: number, at: number): void {
    if (this.#packed?.read(chunk, column, at) === true) return
    this.#texts ??= this.#unpacked(at)
    this.#texts.read(chunk, column, at)
  }

  grow(rows: number): void {
    this.#rows = rows
    this.#packed?.grow(rows)
    if (this.#texts === undefined) return
    const texts = columnSink(VARCHAR, rows)
    for (const [row, id] of this.#texts.values.entries()) (texts.values as unknown[])[row] = id
    this.#texts = texts
  }

  /** Whether all rows from one on, up to another, are ids or none. */
  areSound(from: number, to: number): boolean {
    if (this.#packed !== undefined) return true
    for (let row = from; row < to; row++) {
      const id = this.text(row)
      if (id !== null && tradeIdFault(id) !== undefined) return false
    }
    return true
  }

  text(row: number): string | null {
    return this.#packed?.text(row) ?? (this.#texts!.values[row] as string | null)
  }

  set(row: number, id: string): void {
    this.#texts ??= this.#unpacked(row)
    ;(this.#texts.values as string[])[row] = id
  }

  /** Those of some rows, or of all up to a number. */
  take(kept: readonly number[] | undefined, length: number): PackedIds | (string | null)[] {
    if (kept === undefined) return this.#packed ?? this.#read(length)
    return this.#packed?.pick(kept) ?? kept.map((row) => this.text(row))
  }

  #read(length: number): (string | null)[] {
    return (this.#texts?.values.slice(0, length) ?? []) as (string | null)[]
  }

  #unpacked(length: number): ColumnSink {
    const texts = columnSink(VARCHAR, this.#rows)
    for (const [row, id] of this.#packed!.texts(length).entries())
      (texts.values as string[])[row] = id
    this.#packed = undefined
    return texts
  }
}
