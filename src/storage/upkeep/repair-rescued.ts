import type { DuckDBConnection } from '@duckdb/node-api'
import { barEnd, wholeMark } from '../../schema/candles.ts'
import { barStart, candleRelation } from '../../schema/tables.ts'
import { microsFromMs, type Timeframe } from '../../time.ts'
import { wrongCandles } from '../write/candle-check.ts'
import type { PairState } from '../file/state-file.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { repairRules } from './repair-rules.ts'

/** How many rows of a table are lost; `unknown` where not even that can be read. */
export type LostCount = number | 'unknown'

/**
 * Makes the tables of a rescued file fit each other again after some of them have lost rows: no
 * trade of the file counts twice and no wrong candle is shown. Lost ticks that come again do count
 * twice in bars that were rolled up. Returns what there is to say about it.
 */
export async function repairRescued(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
  lost: Readonly<Record<string, LostCount>>,
  before: PairState | undefined,
): Promise<string[]> {
  const notes: string[] = []
  // What came back by the log is beside what was in the file.
  await connection.run('UPDATE pairduck_candle_state SET merged_until = NULL')
  if (lost['pairduck_marks'] !== undefined) notes.push(await repairMarks(connection, before))
  notes.push(...(await repairRules(connection, lost['retention_rules'], before)))
  if (lost['ticks'] !== undefined) {
    const marked = await connection.run(
      `INSERT INTO pairduck_marks SELECT '${wholeMark}', ${lastTick} + INTERVAL 1 MICROSECOND
       WHERE ${lastTick} IS NOT NULL`,
    )
    if (marked.rowsChanged > 0)
      notes.push(
        'ticks: bars that were not rolled up show what is left of their trades; others may still count the lost ones, which would count there twice if they came again: to have those again, import all trades of the pair into a new data folder',
      )
  }
  const known =
    lost['pairduck_candle_parts'] === undefined && lost['pairduck_candle_state'] === undefined
  if (!known || (await wrongCandles(connection, candles)).length > 0)
    notes.push(...(await foldAgain(connection, candles)))
  return notes
}

const lastTick = `greatest((SELECT max(timestamp) FROM ticks),
  (SELECT max(last_timestamp) FROM pairduck_candle_parts WHERE NOT given))`

/** Without its mark a replay of ticks that retention has deleted would count them twice. */
async function repairMarks(
  connection: DuckDBConnection,
  before: PairState | undefined,
): Promise<string> {
  const known = before && {
    ...before.marks,
    ...(before.deletedBefore !== null && { ticks: before.deletedBefore }),
  }
  for (const [relation, mark] of Object.entries(known ?? {}))
    if (/^[\w:]+$/.test(relation) && Number.isFinite(mark))
      await connection.run(insertMark(relation, `make_timestamp(${microsFromMs(mark)})`))
  if (known !== undefined) return 'pairduck_marks: taken from the state file'
  await connection.run(
    insertMark(
      'ticks',
      `coalesce((SELECT min(timestamp) FROM ticks), ${lastTick} + INTERVAL 1 MICROSECOND)`,
    ),
  )
  return 'pairduck_marks: no state file tells of it, ticks older than those that are stored are refused'
}

function insertMark(relation: string, mark: string): string {
  return `INSERT INTO pairduck_marks SELECT '${relation}', mark FROM (SELECT ${mark} AS mark)
    WHERE mark IS NOT NULL AND '${relation}' NOT IN (SELECT relation FROM pairduck_marks)`
}

/**
 * Leaves it to the views to fold the stored ticks. A bar that retention has passed by as a whole has
 * one part, which is there or not. Of the others nobody knows whether their parts are all there: those
 * whose ticks are not all stored are closed, by an external candle that has no prices.
 */
async function foldAgain(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
): Promise<string[]> {
  const [marks] = await readRows<{ deleted: number | null; whole: number | null }>(
    connection,
    `SELECT epoch_us(max(deleted_before) FILTER (relation = 'ticks')) AS deleted,
            epoch_us(max(deleted_before)) AS whole
     FROM pairduck_marks WHERE relation IN ('ticks', '${wholeMark}')`,
  )
  const [stored] = await readRows<{ ticks: boolean }>(
    connection,
    'SELECT count(*) > 0 AS ticks FROM ticks',
  )
  const notes = stored!.ticks ? ['candles are made anew of the stored ticks'] : []
  for (const timeframe of candles) {
    const closed = await foldTimeframe(connection, timeframe, marks!)
    if (closed > 0)
      notes.push(
        `${candleRelation(timeframe)}: ${closed} bars whose ticks are not all stored cannot be rebuilt and are left out`,
      )
  }
  await connection.run(`UPDATE pairduck_candle_state SET rolled_until = '-infinity'`)
  return notes
}

async function foldTimeframe(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  { deleted, whole }: { deleted: number | null; whole: number | null },
): Promise<number> {
  const parts = `pairduck_candle_parts WHERE timeframe = '${timeframe}'`
  const passed = deleted === null ? 'false' : `${barEnd(timeframe)} <= make_timestamp(${deleted})`
  const wholeAt = `make_timestamp(${whole ?? 0})`
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE pairduck_doubted AS SELECT timestamp FROM (
       SELECT timestamp FROM ${parts} AND NOT given
       UNION SELECT ${barStart(timeframe)} FROM ticks
       UNION SELECT ${barStart(timeframe, wholeAt)}
     ) WHERE NOT (${passed})`,
  )
  await connection.run(
    `DELETE FROM ${parts} AND NOT given AND timestamp IN (FROM pairduck_doubted)`,
  )
  const closed = await connection.run(
    `INSERT INTO pairduck_candle_parts (timeframe, timestamp, given)
     SELECT '${timeframe}', timestamp, true FROM pairduck_doubted
     WHERE ${whole !== null} AND timestamp < ${wholeAt}
       AND timestamp NOT IN (SELECT timestamp FROM ${parts})`,
  )
  await connection.run('DROP TABLE pairduck_doubted')
  return closed.rowsChanged
}
