import type { DuckDBConnection } from '@duckdb/node-api'
import type { TableName } from '../../schema/tables.ts'
import { isDamage } from '../duckdb/duckdb-errors.ts'
import { readRows } from '../duckdb/read-rows.ts'
import type { LostCount } from './repair-rescued.ts'

/** Below this many rows a stretch that cannot be read is given up: the engine reads as many at once. */
const smallestStretch = 2048

/** Copies a table, or those stretches of it that can be read; returns the rows that cannot. */
export async function copyReadable(
  target: DuckDBConnection,
  table: TableName,
  from: string,
  to: string,
): Promise<LostCount> {
  const [extent] = await readRows<{ end: number }>(
    target,
    `SELECT coalesce(max(rowid) + 1, 0) AS "end" FROM ${from}.${table}`,
  ).catch(noneIfDamaged)
  if (extent === undefined) return 'unknown'
  let lost = 0
  const stretches: [first: number, end: number][] = [[0, extent.end]]
  for (let next = stretches.pop(); next !== undefined; next = stretches.pop()) {
    const [first, end] = next
    const where = `WHERE rowid >= ${first} AND rowid < ${end}`
    try {
      await target.run(`INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table} ${where}`)
    } catch (error) {
      refuseOtherThanDamage(error)
      const half = Math.ceil((end - first) / 2 / smallestStretch) * smallestStretch
      if (end - first > smallestStretch) stretches.push([first + half, end], [first, first + half])
      else lost += await countRows(target, `${from}.${table} ${where}`, end - first)
    }
  }
  return lost
}

/** A full disk is no lost row. */
function refuseOtherThanDamage(error: unknown): void {
  if (!isDamage(error)) throw error
}

function noneIfDamaged(error: unknown): [] {
  refuseOtherThanDamage(error)
  return []
}

async function countRows(
  connection: DuckDBConnection,
  of: string,
  otherwise: number,
): Promise<number> {
  const [found] = await readRows<{ rows: number }>(
    connection,
    `SELECT count(*) AS rows FROM ${of}`,
  ).catch(() => [{ rows: otherwise }])
  return found!.rows
}
