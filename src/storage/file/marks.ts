import type { DuckDBConnection } from '@duckdb/node-api'
import type { ClosedMark } from '../../schema/analytics-state.ts'
import type { Relation } from '../../schema/tables.ts'
import { microsFromMs, msFromMicros } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** The mark from which on a tick is known to be new or not, although older ones were deleted. */
export const decidableMark = 'ticks:judged'

export type Mark = Relation | ClosedMark | typeof decidableMark | `${Relation}:visited`

/** Retention's marks, in Unix ms. */
export type Marks = Readonly<Partial<Record<Mark, number>>>

export async function readMarks(connection: DuckDBConnection): Promise<Marks> {
  const rows = await readRows<{ relation: Mark; mark: number }>(
    connection,
    'SELECT relation, deleted_before AS mark FROM pairduck_marks',
  )
  return Object.fromEntries(rows.map(({ relation, mark }) => [relation, mark]))
}

/**
 * What is changed of a file's marks in one transaction, in which nothing else moves them. They are put into
 * the file together: each way to the engine costs as much as a small statement.
 */
export class MarkMoves {
  readonly #marks: Map<Mark, number>
  readonly #moved = new Set<Mark>()

  private constructor(marks: Marks) {
    this.#marks = new Map(Object.entries(marks) as [Mark, number][])
  }

  static async begin(connection: DuckDBConnection): Promise<MarkMoves> {
    return new MarkMoves(await readMarks(connection))
  }

  /** All marks, those that were moved as they will be. */
  get marks(): Marks {
    return Object.fromEntries(this.#marks)
  }

  /**
   * A mark only ever moves forward: a clock that went back must not bring old ticks in again.
   * Returns whether it moved.
   */
  forward(mark: Mark, micros: number): boolean {
    if (micros <= microsFromMs(this.#marks.get(mark) ?? -Infinity)) return false
    this.put(mark, micros)
    return true
  }

  /** Puts a mark wherever it was. */
  put(mark: Mark, micros: number): void {
    this.#marks.set(mark, msFromMicros(micros))
    this.#moved.add(mark)
  }

  async store(connection: DuckDBConnection): Promise<void> {
    if (this.#moved.size === 0) return
    const moved = [...this.#moved]
    const rows = moved.map(
      (mark) => `('${mark}', make_timestamp(${microsFromMs(this.#marks.get(mark)!)}))`,
    )
    await connection.run(
      `DELETE FROM pairduck_marks WHERE relation IN (${moved.map((mark) => `'${mark}'`).join(', ')});
       INSERT INTO pairduck_marks VALUES ${rows.join(', ')}`,
    )
  }
}

/** Brings a mark back to a time (µs), or takes it away (-Infinity): rows before it are to come again. */
export async function lowerMark(
  connection: DuckDBConnection,
  relation: Mark,
  micros: number,
): Promise<void> {
  if (micros === -Infinity)
    await connection.run(`DELETE FROM pairduck_marks WHERE relation = '${relation}'`)
  else
    await connection.run(
      `UPDATE pairduck_marks SET deleted_before = make_timestamp(${micros})
       WHERE relation = '${relation}' AND deleted_before > make_timestamp(${micros})`,
    )
}
