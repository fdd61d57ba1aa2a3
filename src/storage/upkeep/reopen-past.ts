import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { optional, resolveOptions, rule } from '../../options.ts'
import { partsFromTicks, rolledUntilSql } from '../../schema/candles.ts'
import { policyOf, resolveRules, type RetentionOptions } from '../../schema/retention-policy.ts'
import { barStart, candleRelation, type Relation } from '../../schema/tables.ts'
import {
  earliestMs,
  isTimeframe,
  latestMs,
  microsFromMs,
  timeframeMs,
  type Timeframe,
} from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import { decidableMark, lowerMark, readMarks, type Marks } from '../file/marks.ts'
import { measureState } from '../file/pair-state.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { mergeCandleParts } from '../write/roll-up-ticks.ts'
import { tickMarks } from './retention.ts'

/** Options of `reopenPast`. */
export interface ReopenOptions {
  /** From when on (Unix ms) rows shall be taken again. Default: all that retention ever deleted. */
  readonly from?: number | undefined
  /** Only given candles of this length come again, and no ticks. */
  readonly candles?: Timeframe | undefined
  /**
   * How long the pair's rows are kept from now on. Default: for ever where the pair's own retention
   * would delete again at once what comes; else as before.
   */
  readonly retention?: RetentionOptions | undefined
}

/** What `reopenPast` did. */
export interface ReopenReport {
  /** The pair in its text form. */
  readonly pair: string
  /**
   * From when on (Unix ms) rows are taken again; null: whatever their age. Of ticks it is the
   * beginning of a bar of every length that the pair keeps, so it may be earlier than was asked for.
   */
  readonly from: number | null
  /** The first moment (Unix ms) that was never deleted: give ticks without an id only up to here. */
  readonly until: number | null
  /** Candles that were taken out, by length: the ticks that come again make them anew. */
  readonly candles: Readonly<Partial<Record<Timeframe, number>>>
  /** Set where the pair keeps everything from now on. */
  readonly retention?: 'forever'
}

const rules = {
  from: optional(
    rule<number>(
      'Unix ms from 2000 to 2100',
      (value) => typeof value === 'number' && value >= earliestMs && value < latestMs,
      0,
    ),
  ),
  candles: optional(rule<Timeframe>('a timeframe', (value) => isTimeframe(value), '1m')),
  retention: rule<RetentionOptions | undefined>(
    `an object of tables, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'object' && value !== null),
    undefined,
  ),
}

/**
 * Lets rows in again that retention deleted, exactly: its marks go back to `from`, and candles that
 * were made of deleted ticks are taken out, so that the same ticks, when they come again, are not
 * counted twice. Bars that begin before the deleted time ends are folded anew from the ticks that
 * are still there. Given candles stay.
 */
export async function reopenPast(
  database: PairDatabase,
  options: ReopenOptions | undefined,
  now: number,
): Promise<ReopenReport> {
  const resolved = resolveOptions('reopenPast', options, rules)
  const { candles } = resolved
  if (candles !== undefined && !database.candles.includes(candles))
    throw new RangeError(
      `${database.name} keeps candles of ${database.candles.join(' ')}, not ${candles}`,
    )
  const from = microsFromMs(beginning(resolved.from, candles, database.candles))
  const retention = await keepFrom(database, { from, now, given: resolved.retention, candles })
  return database.writer.run(async (connection) => {
    await refuseArchived(connection, database.name)
    const marks = await readMarks(connection)
    const reopening = { from, marks, candles }
    await foretell(connection, database, from)
    const counts = await inTransaction(connection, () => reopen(connection, database, reopening))
    database.writer.ticks.moveMarks(tickMarks(await readMarks(connection)))
    await database.saveState(connection, false)
    const deleted = marks[candles === undefined ? 'ticks' : candleRelation(candles)]
    return {
      pair: database.name,
      from: Number.isFinite(from) ? from / 1000 : null,
      until: deleted ?? null,
      candles: counts,
      ...(retention && { retention: 'forever' as const }),
    }
  })
}

/** Ticks come again in whole bars: half a bar would be a wrong candle. In Unix ms. */
function beginning(
  from: number | undefined,
  candles: Timeframe | undefined,
  kept: readonly Timeframe[],
): number {
  if (from === undefined) return -Infinity
  const width = Math.max(
    1,
    ...(candles === undefined ? kept : [candles]).map((t) => timeframeMs[t]),
  )
  return Math.floor(from / width) * width
}

/** What comes again must not go with the next cleanup; returns whether everything is kept for that. */
async function keepFrom(
  database: PairDatabase,
  of: {
    from: number
    now: number
    given: RetentionOptions | undefined
    candles: Timeframe | undefined
  },
): Promise<boolean> {
  if (of.given !== undefined) {
    await database.storeRules(resolveRules(of.given))
    return false
  }
  const relation: Relation = of.candles === undefined ? 'ticks' : candleRelation(of.candles)
  const { keepMs } = policyOf(database.rules)[relation]
  if (keepMs === 'forever' || of.from >= microsFromMs(of.now - keepMs)) return false
  await database.storeRules(resolveRules('forever'))
  return true
}

/**
 * The state file says it first: a mark that is lower in the file than in the state looks like an older
 * file that was put in its place.
 */
async function foretell(
  connection: DuckDBConnection,
  database: PairDatabase,
  from: number,
): Promise<void> {
  const state = await measureState(connection, database.candles, false)
  const { deletedBefore } = state
  const lowered = deletedBefore === null || !Number.isFinite(from) ? null : from / 1000
  await database.writeState({
    ...state,
    deletedBefore: lowered === null ? null : Math.min(lowered, deletedBefore!),
  })
}

async function reopen(
  connection: DuckDBConnection,
  database: PairDatabase,
  { from, marks, candles }: { from: number; marks: Marks; candles: Timeframe | undefined },
): Promise<Partial<Record<Timeframe, number>>> {
  const counts: Partial<Record<Timeframe, number>> = {}
  const ticksMark = marks.ticks ?? -Infinity
  await connection.run('UPDATE pairduck_candle_state SET merged_until = NULL')
  for (const timeframe of candles === undefined ? database.candles : [candles]) {
    const relation = candleRelation(timeframe)
    const hidden = marks[relation] ?? -Infinity
    const until = candles === undefined ? Math.max(ticksMark, hidden) : hidden
    const width = timeframeMs[timeframe]
    const end = microsFromMs(Math.ceil(until / width) * width)
    // Of given candles alone no tick comes again: a bar that begins before its ticks do stays away.
    const whole = candles === undefined ? from : Math.max(from, microsFromMs(ticksMark))
    const taken = await refold(connection, timeframe, { from, end, whole })
    if (taken > 0) counts[timeframe] = taken
    await lowerMark(connection, relation, from)
  }
  // A given candle and the ticks of its bar are two parts.
  await mergeCandleParts(connection)
  if (candles !== undefined) return counts
  await lowerMark(connection, 'ticks', from)
  await lowerMark(connection, decidableMark, from)
  return counts
}

/** Makes the bars of [from, end) out of the stored ticks alone; returns how many were taken out. */
async function refold(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  { from, end, whole }: { from: number; end: number; whole: number },
): Promise<number> {
  const reopened = `timestamp >= ${moment(from)} AND timestamp < ${moment(end)}`
  const [bars] = await readRows<{ taken: number }>(
    connection,
    `SELECT count(DISTINCT timestamp) AS taken FROM pairduck_candle_parts
     WHERE timeframe = '${timeframe}' AND NOT given AND ${reopened}`,
  )
  await connection.run(
    `DELETE FROM pairduck_candle_parts WHERE timeframe = '${timeframe}' AND NOT given AND ${reopened}`,
  )
  await connection.run(
    `INSERT INTO pairduck_candle_parts SELECT '${timeframe}', * FROM (${partsFromTicks(
      timeframe,
      'ticks',
      `${reopened} AND timestamp < ${rolledUntilSql} AND ${barStart(timeframe)} >= ${moment(whole)}`,
      { swing: true },
    )})`,
  )
  return bars!.taken
}

/** Archive and file together would tell of the same ticks twice. */
async function refuseArchived(connection: DuckDBConnection, pair: string): Promise<void> {
  const [archive] = await readRows<{ parts: number }>(
    connection,
    'SELECT count(*) AS parts FROM pairduck_archive',
  )
  if (archive!.parts > 0)
    throw new PairduckError(
      'WRITE_REFUSED',
      `${pair}: what retention took is in the archive (${archive!.parts} parts), not deleted: read it with \`history\`; ticks that are missing there are taken as they are`,
      { pair, parts: archive!.parts },
    )
}

function moment(micros: number): string {
  if (micros === -Infinity) return `'-infinity'::TIMESTAMP`
  return `make_timestamp(${micros})`
}
