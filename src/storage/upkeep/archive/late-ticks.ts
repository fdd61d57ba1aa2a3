import type { DuckDBConnection } from '@duckdb/node-api'
import { openPart } from '../../../archive/archive-place.ts'
import { folderEnd, folderStart } from '../../../archive/part-path.ts'
import { latePartsSql } from '../../../schema/roll-up.ts'
import { readRows } from '../../duckdb/read-rows.ts'
import { readParts } from '../../file/archive-ledger.ts'
import { parquetFiles } from '../../file/parquet-files.ts'
import { dedupeWindowMicros } from '../../write/deduplicator.ts'
import { inTransaction } from '../../duckdb/transaction.ts'
import type { ArchivePass } from './archive-pass.ts'

/** What became of the ticks that had come too late for their part of the archive. */
export interface LateTicks {
  /** In the archive now. */
  readonly stored: number
  /** Under an id that was there already. */
  readonly duplicates: number
}

/**
 * Brings the late ticks into the archive, a day at a time, each day as a job of the writer: those
 * whose id neither the archive nor the file has within a second go into a part of their own, and
 * into the candles.
 */
export async function archiveLateTicks(pass: ArchivePass): Promise<LateTicks> {
  const late = { stored: 0, duplicates: 0 }
  const days = await pass.read((connection) =>
    readRows<{ micros: number }>(
      connection,
      `SELECT DISTINCT epoch_us(date_trunc('day', timestamp)) AS micros
       FROM pairduck_late_ticks ORDER BY 1`,
    ),
  )
  for (const { micros } of days) {
    const { stored, waiting } = await pass.database.writer.run((connection) =>
      archiveLateDay(pass, connection, folderStart('ticks', micros)),
    )
    late.stored += stored
    late.duplicates += waiting - stored
  }
  return late
}

async function archiveLateDay(
  pass: ArchivePass,
  connection: DuckDBConnection,
  day: number,
): Promise<{ stored: number; waiting: number }> {
  const { candles } = pass.database
  const ofDay = `timestamp >= make_timestamp(${day}) AND timestamp < make_timestamp(${folderEnd('ticks', day)})`
  await connection.run(await lateTicksSql(pass, connection, day, ofDay))
  let waiting = 0
  const leave = async (): Promise<void> => {
    const deleted = await connection.run(`DELETE FROM pairduck_late_ticks WHERE ${ofDay}`)
    waiting = deleted.rowsChanged
  }
  try {
    const written = await pass.writeAlone(connection, {
      rows: { relation: 'ticks', from: 'pairduck_late_new', where: 'true' },
      span: undefined,
      commit: async () => {
        const times = { from: day, rolledUntil: folderEnd('ticks', day) }
        await connection.run(latePartsSql(candles, 'pairduck_late_new', times))
        await leave()
        return true
      },
    })
    if (written === undefined) await inTransaction(connection, leave)
    return { stored: written === undefined || written === 'moved' ? 0 : written.rows, waiting }
  } finally {
    await connection.run('DROP TABLE IF EXISTS temp.pairduck_late_new')
  }
}

/** The late ticks of a day that are new, as a temporary table. */
async function lateTicksSql(
  pass: ArchivePass,
  connection: DuckDBConnection,
  day: number,
  ofDay: string,
): Promise<string> {
  const from = day - dedupeWindowMicros
  const to = folderEnd('ticks', day) + dedupeWindowMicros
  const parts = (await readParts(connection, 'kept')).filter(
    ({ relation, first, last }) => relation === 'ticks' && first <= to && last >= from,
  )
  const files = await Promise.all(parts.map((part) => openPart(part, pass.store)))
  const within = `timestamp BETWEEN make_timestamp(${from}) AND make_timestamp(${to})`
  const archived =
    files.length === 0
      ? ''
      : `UNION ALL SELECT timestamp, trade_id FROM ${parquetFiles(files)} WHERE ${within}`
  return `
    CREATE OR REPLACE TEMP TABLE pairduck_late_new AS
    WITH late AS (SELECT *, rowid AS number FROM pairduck_late_ticks WHERE ${ofDay}),
    stored AS (SELECT timestamp, trade_id FROM ticks WHERE ${within} ${archived})
    SELECT timestamp, price, volume, side, trade_id FROM late
    WHERE trade_id IS NULL OR NOT (
      EXISTS (FROM stored WHERE stored.trade_id = late.trade_id
        AND abs(epoch_us(stored.timestamp) - epoch_us(late.timestamp)) <= ${dedupeWindowMicros})
      OR EXISTS (FROM late AS earlier WHERE earlier.trade_id = late.trade_id
        AND earlier.number < late.number
        AND abs(epoch_us(earlier.timestamp) - epoch_us(late.timestamp)) <= ${dedupeWindowMicros}))`
}
