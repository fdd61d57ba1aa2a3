import type { DuckDBConnection } from '@duckdb/node-api'
import {
  dayMicros,
  folderEnd,
  folderStart,
  hourMicros,
  type ArchivedRelation,
} from '../../../archive/part-path.ts'
import { microsFromMs, type Timeframe } from '../../../time.ts'
import { readRows } from '../../duckdb/read-rows.ts'
import { readMarks } from '../../file/marks.ts'
import { closeAged, newestOf, tickMarks } from '../retention.ts'
import type { ArchivePass } from './archive-pass.ts'

/** A day with more ticks than these is written in parts of an hour: one part is sorted in memory. */
const maxDayRows = 5_000_000

/** What of one relation is archived: a table, and which of its rows. */
interface Source {
  readonly relation: ArchivedRelation
  readonly table: string
  /** The condition that all of the relation's rows in the table fulfil. */
  readonly own: string
}

export function sourceOf(relation: ArchivedRelation): Source {
  if (relation === 'ticks') return { relation, table: 'ticks', own: 'true' }
  const timeframe = relation.slice('candles_'.length) as Timeframe
  return { relation, table: 'pairduck_candle_parts', own: `timeframe = '${timeframe}'` }
}

/**
 * Archives the rows of a relation that are older than `before` (µs), stretch by stretch, each with
 * its own transaction that moves the mark and deletes. Returns how many rows there were.
 */
export async function archiveAged(
  pass: ArchivePass,
  relation: ArchivedRelation,
  before: number,
): Promise<number> {
  const source = sourceOf(relation)
  let rows = relation === 'ticks' ? 0 : await archiveBelowMark(pass, source)
  const planned = await stretches(pass, source, before)
  for (let next = planned.shift(); next !== undefined; next = planned.shift()) {
    // From the mark on, not from the stretch's beginning: no row can come in between unseen.
    const begin = await markOf(pass, relation)
    const written = await archiveStretch(pass, source, { from: begin, to: next.to })
    rows += written
    if (written === 0) planned.splice(0, planned.length, ...(await stretches(pass, source, before)))
  }
  return rows
}

async function archiveStretch(
  pass: ArchivePass,
  source: Source,
  span: { from: number; to: number },
): Promise<number> {
  const { relation, table } = source
  const where = conditionOf(source, span.from, span.to)
  const written = await pass.write({
    rows: { relation, from: table, where },
    span,
    commit: async (connection, measured) => {
      const newest = await newestOf(connection, relation)
      const deleted = await connection.run(`DELETE FROM ${table} WHERE ${where}`)
      if (deleted.rowsChanged !== measured.rows || newest === null) return false
      await closeAged(connection, relation, { before: span.to, newest })
      return true
    },
  })
  if (relation === 'ticks') await noteMarks(pass)
  return written?.rows ?? 0
}

/** Pieces of bars that late ticks left below the mark, whose bars are in the archive already. */
async function archiveBelowMark(pass: ArchivePass, source: Source): Promise<number> {
  const mark = await markOf(pass, source.relation)
  if (mark === -Infinity) return 0
  let rows = 0
  for (const { from, to } of await stretches(pass, source, mark)) {
    const where = conditionOf(source, from, Math.min(to, mark))
    const written = await pass.write({
      rows: { relation: source.relation, from: source.table, where },
      span: undefined,
      commit: async (connection, measured) => {
        const deleted = await connection.run(`DELETE FROM ${source.table} WHERE ${where}`)
        return deleted.rowsChanged === measured.rows
      },
    })
    rows += written?.rows ?? 0
  }
  return rows
}

/** The days, months or hours below `before` (µs) that hold rows, in order. */
async function stretches(
  pass: ArchivePass,
  { relation, table, own }: Source,
  before: number,
): Promise<{ from: number; to: number }[]> {
  const hours = await pass.read((connection) =>
    readRows<{ hour: number; rows: number }>(
      connection,
      `SELECT epoch_us(timestamp) // ${hourMicros} AS hour, count(*) AS rows FROM ${table}
       WHERE ${own} AND timestamp < make_timestamp(${before}) GROUP BY 1 ORDER BY 1`,
    ),
  )
  const perDay = new Map<number, number>()
  for (const { hour, rows } of hours) {
    const day = Math.floor((hour * hourMicros) / dayMicros)
    perDay.set(day, (perDay.get(day) ?? 0) + rows)
  }
  const found = new Map<number, number>()
  for (const { hour } of hours) {
    const start = hour * hourMicros
    const isBusy = relation === 'ticks' && perDay.get(Math.floor(start / dayMicros))! > maxDayRows
    const from = isBusy ? start : folderStart(relation, start)
    const to = isBusy ? start + hourMicros : folderEnd(relation, start)
    found.set(from, Math.min(to, before))
  }
  return [...found].map(([from, to]) => ({ from, to }))
}

function conditionOf({ own }: Source, from: number, to: number): string {
  const after = from === -Infinity ? '' : ` AND timestamp >= make_timestamp(${from})`
  return `${own}${after} AND timestamp < make_timestamp(${to})`
}

/** Retention's mark (µs) of a relation; -Infinity where nothing was deleted. */
export async function markOf(pass: ArchivePass, relation: ArchivedRelation): Promise<number> {
  const marks = await pass.read((connection) => readMarks(connection))
  return microsFromMs(marks[relation] ?? -Infinity)
}

/** The writer deduplicates by the marks that are in the file. */
async function noteMarks(pass: ArchivePass): Promise<void> {
  const { writer } = pass.database
  await writer.run(async (connection: DuckDBConnection) => {
    writer.ticks.moveMarks(tickMarks(await readMarks(connection)))
  })
}
