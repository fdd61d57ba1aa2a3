import type { DuckDBConnection } from '@duckdb/node-api'
import { readRows } from '../duckdb/read-rows.ts'

/**
 * The mark of a file that was repaired: it may hold more of a log than its marks say. What is behind
 * them is compared with it before it is applied.
 */
const doubted = 'doubted'

/** How far a file has the logs that there are. */
export interface LogMarks {
  /** The sequence of the last record of a log that is in the file. */
  readonly applied: ReadonlyMap<string, number>
  /** It may hold later ones, too. */
  readonly isDoubted: boolean
}

export async function readLogMarks(connection: DuckDBConnection): Promise<LogMarks> {
  const rows = await readRows<{ log: string; applied: number }>(
    connection,
    'SELECT log, applied FROM pairduck_log',
  )
  return logMarks(rows.map(({ log, applied }) => [log, applied]))
}

export function logMarks(rows: readonly (readonly [log: string, applied: number])[]): LogMarks {
  const applied = new Map(rows)
  return { applied, isDoubted: applied.has(doubted) }
}

/** From now on the file's marks are doubted. */
export async function doubtMarks(connection: DuckDBConnection): Promise<void> {
  await connection.run(`INSERT INTO pairduck_log VALUES ('${doubted}', 0)`)
}

/** All that was behind the marks is in the file. */
export async function trustMarks(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DELETE FROM pairduck_log WHERE log = '${doubted}'`)
}

/** How far a file has the records of a log. */
export interface LogMark {
  readonly log: string
  readonly sequence: number
}

/** How far a file has the logs, as the one knows who moves the marks. */
export class FileMarks {
  readonly #applied: Map<string, number>
  /** Whether the file may have marks that are not known. */
  #isPartial = false
  /** The logs that there still are: marks of others are not needed any more. */
  readonly #logs: readonly string[]

  constructor({ applied }: LogMarks, logs: readonly string[]) {
    this.#applied = new Map(applied)
    this.#logs = logs
  }

  /** Undefined where only the file can tell. */
  get applied(): ReadonlyMap<string, number> | undefined {
    return this.#isPartial ? undefined : this.#applied
  }

  forget(): void {
    this.#applied.clear()
    this.#isPartial = true
  }

  /** Statements that move a log's mark, the only one of it. With the first one those go that are not needed. */
  moveSql({ log, sequence }: LogMark): string {
    if (this.#applied.has(log))
      return `UPDATE pairduck_log SET applied = ${sequence} WHERE log = '${log}'`
    const put = `INSERT INTO pairduck_log VALUES ('${log}', ${sequence})`
    const kept = this.#keptBeside(log)
    if (!this.#isPartial && [...this.#applied.keys()].every((name) => kept.has(name))) return put
    const names = [...kept].map((name) => `'${name}'`)
    return `DELETE FROM pairduck_log WHERE log NOT IN (${names.join(', ')}); ${put}`
  }

  /** What {@link moveSql} gave is in the file. */
  moved({ log, sequence }: LogMark): void {
    const kept = this.#keptBeside(log)
    if (!this.#applied.has(log))
      for (const name of this.#applied.keys()) if (!kept.has(name)) this.#applied.delete(name)
    this.#applied.set(log, sequence)
  }

  #keptBeside(log: string): Set<string> {
    return new Set([doubted, ...this.#logs.filter((name) => name !== log)])
  }
}
