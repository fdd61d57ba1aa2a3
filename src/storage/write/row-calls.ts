import { rowGroupRows } from '../duckdb/engine.ts'
import type { RowCounts } from '../events/outcomes.ts'
import type { RowRecord, RowRelation } from './row-relation.ts'
import type { TickWriter } from './tick-writer.ts'
import type { Waiting } from './waiting-room.ts'

interface Call {
  readonly rows: readonly RowRecord[]
  readonly resolve: (counts: RowCounts) => void
  readonly reject: (error: unknown) => void
}

/** Calls of one table that stand in the writer's line as one. */
interface Shared {
  readonly relation: RowRelation
  readonly calls: Call[]
  readonly waiting: Waiting
  readonly isDirect: boolean
  /** The writer's {@link TickWriter.stood} when it was the last in line. */
  readonly stood: number
  rows: number
}

const mostRows = 10_000

/**
 * Calls that store rows of other tables than the ticks. Those of one table that stand one behind
 * the other share a transaction: thousands of calls at once hold up nobody for longer than a few.
 */
export class RowCalls {
  readonly #writer: TickWriter
  #last: Shared | undefined

  constructor(writer: TickWriter) {
    this.#writer = writer
  }

  /**
   * `counted`: how many of the rows wait by the bounds of live calls; an import, of which none do, goes
   * straight to the file. Resolves when they are durable.
   */
  store(
    relation: RowRelation,
    rows: readonly RowRecord[],
    counted: number = rows.length,
  ): Promise<RowCounts> {
    const isDirect = counted < rows.length || rows.length >= rowGroupRows
    return new Promise((resolve, reject) => {
      const call = { rows, resolve, reject }
      const last = this.#last
      if (
        last?.relation === relation &&
        last.isDirect === isDirect &&
        last.stood === this.#writer.stood &&
        last.rows + rows.length <= mostRows
      ) {
        this.#writer.wait(last.waiting, counted)
        last.calls.push(call)
        last.rows += rows.length
      } else void this.#stand(relation, { call, counted, isDirect })
    })
  }

  async #stand(
    relation: RowRelation,
    { call, counted, isDirect }: { call: Call; counted: number; isDirect: boolean },
  ): Promise<void> {
    const calls = [call]
    const waiting = { counted: 0 }
    try {
      const done = this.#writer.storeRows(
        relation,
        () => {
          // From here on nobody joins.
          if (this.#last?.calls === calls) this.#last = undefined
          return calls.map(({ rows }) => rows)
        },
        { counted, waiting, isDirect },
      )
      const { stood } = this.#writer
      this.#last = { relation, calls, waiting, isDirect, stood, rows: call.rows.length }
      for (const [index, end] of (await done).entries())
        if (end.status === 'fulfilled') calls[index]!.resolve(end.value)
        else calls[index]!.reject(end.reason)
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
}
