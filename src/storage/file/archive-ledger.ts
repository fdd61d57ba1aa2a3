import type { DuckDBConnection } from '@duckdb/node-api'
import type { ArchivedRelation } from '../../archive/part-path.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** A file of the archive, as the pair's file knows it. Times in Unix µs. */
export interface ArchivePart {
  readonly relation: ArchivedRelation
  readonly path: string
  readonly place: string
  /**
   * The part holds every row of [from, to); -Infinity where nothing had been deleted before. Both
   * null: rows that came late.
   */
  readonly from: number | null
  readonly to: number | null
  readonly first: number
  readonly last: number
  readonly rows: number
  readonly bytes: number
}

export type PartState = 'writing' | 'kept' | 'dropping'

/** The parts in a state, in the order of their first rows. */
export async function readParts(
  connection: DuckDBConnection,
  state: PartState,
): Promise<ArchivePart[]> {
  const rows = await readRows<ArchivePart & { isFirst: boolean }>(
    connection,
    `SELECT relation, path, place, epoch_us(nullif(from_time, '-infinity')) AS "from",
       coalesce(from_time = '-infinity', false) AS "isFirst", epoch_us(to_time) AS "to",
       epoch_us(first_time) AS "first", epoch_us(last_time) AS "last", rows, bytes
     FROM pairduck_archive WHERE state = '${state}' ORDER BY first_time, last_time, path`,
  )
  return rows.map(({ isFirst, ...part }) => (isFirst ? { ...part, from: -Infinity } : part))
}

/** Notes a part that is about to be written, so that a pass that ends here leaves a trace of it. */
export async function notePart(connection: DuckDBConnection, part: ArchivePart): Promise<void> {
  await connection.run(
    `INSERT INTO pairduck_archive VALUES (${[
      text(part.relation),
      text(part.path),
      text(part.place),
      ...[part.from, part.to, part.first, part.last].map((micros) => timeText(micros)),
      part.rows,
      part.bytes,
      `'writing'`,
    ].join(', ')})`,
  )
}

/** Moves parts from one state into another; with `bytes`, which are known only when one is written. */
export async function movePart(
  connection: DuckDBConnection,
  path: string,
  { from, to, bytes }: { from: PartState; to: PartState; bytes?: number },
): Promise<void> {
  await connection.run(
    `UPDATE pairduck_archive SET state = '${to}'${bytes === undefined ? '' : `, bytes = ${bytes}`}
     WHERE path = ${text(path)} AND state = '${from}'`,
  )
}

/** Forgets a part that is gone. */
export async function forgetPart(
  connection: DuckDBConnection,
  path: string,
  state: PartState,
): Promise<void> {
  await connection.run(
    `DELETE FROM pairduck_archive WHERE path = ${text(path)} AND state = '${state}'`,
  )
}

/**
 * From when on (µs) archive and file together hold every row: the beginning of the parts that follow
 * each other without a hole up to the file's mark. -Infinity: nothing was ever deleted but into the
 * archive. Undefined: the archive does not reach the file.
 */
export function heldFrom(
  parts: readonly ArchivePart[],
  relation: ArchivedRelation,
  mark: number,
): number | undefined {
  let from = mark
  let found = false
  const main = parts
    .filter((part) => part.relation === relation && part.to !== null)
    .sort((a, b) => b.to! - a.to!)
  for (const part of main) {
    if (part.to! < from) break
    found = true
    from = Math.min(from, part.from!)
  }
  return found ? from : undefined
}

function text(value: string): string {
  return `'${value.replaceAll(`'`, `''`)}'`
}

function timeText(micros: number | null): string {
  if (micros === null) return 'NULL'
  return micros === -Infinity ? `'-infinity'::TIMESTAMP` : `make_timestamp(${micros})`
}
