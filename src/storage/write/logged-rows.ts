import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Gap } from '../../schema/gaps.ts'
import { storeGaps } from './gap-ledger.ts'
import { rowRelation, type RowRecord } from './row-relation.ts'
import { putRows } from './upsert-rows.ts'

/** Rows of a relation as they stand in the log. A list there is one of holes. */
interface LoggedRows {
  readonly relation: string
  readonly rows: readonly RowRecord[]
}

/** The text of a record's rows; {@link applyLoggedRows} reads it. */
export function loggedText(rows: LoggedRows): string {
  return JSON.stringify(rows)
}

/**
 * Puts the rows of some records into the file, in a transaction of the caller's. Of one key the last
 * one stands; rows of different relations do not know of each other, nor of ticks.
 */
export async function applyLoggedRows(
  connection: DuckDBConnection,
  texts: readonly string[],
): Promise<void> {
  const byRelation = new Map<string, RowRecord[]>()
  for (const text of texts) {
    const parsed = JSON.parse(text) as Gap[] | LoggedRows
    if (Array.isArray(parsed)) {
      await storeGaps(connection, parsed)
      continue
    }
    const rows = byRelation.get(parsed.relation)
    if (rows === undefined) byRelation.set(parsed.relation, [...parsed.rows])
    else for (const row of parsed.rows) rows.push(row)
  }
  for (const [name, rows] of byRelation) {
    const relation = rowRelation(name)
    if (relation === undefined)
      throw new PairduckError(
        'SCHEMA_NEWER',
        `the commit log holds rows of \`${name}\`, which this pairduck does not know: update pairduck`,
      )
    await putRows(connection, relation, rows)
  }
}
