import { barStart, type CandleRelation } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import type { ResolvedWindow } from './window.ts'

/** How far back the data under a result reach; every result over a window or a session has it. */
export interface Coverage {
  /** Unix ms: nothing is missing from here on as far as can be known; null where nothing is stored. */
  readonly coveredFrom: number | null
  /** The window or session begins before `coveredFrom`, so the figures are of a part of it. */
  readonly truncated: boolean
}

/**
 * From when on the data are there: where retention deleted, its mark; else the oldest row. What
 * was never stored before the oldest row can't be told from what never happened.
 */
export function coveredFromSql(
  { asOf }: Pick<ResolvedWindow, 'asOf'>,
  relation: 'ticks' | CandleRelation = 'ticks',
): string {
  const until = asOf === undefined ? '' : `timestamp < make_timestamp(${asOf})`
  const oldest = relation === 'ticks' ? oldestTick(until) : oldestCandle(relation, until)
  // One subquery: the planner takes every scalar subquery for a join, and tries all their orders.
  return `(
    SELECT coalesce(max(mark), min(oldest)) FROM (
      SELECT deleted_before AS mark, NULL::TIMESTAMP AS oldest
      FROM pairduck_marks WHERE relation = '${relation}'
      UNION ALL ${oldest}))`
}

/** The relation's mark: retention has deleted what is older. NULL where it deleted nothing yet. */
export function deletedBeforeSql(relation: 'ticks' | CandleRelation): string {
  return `(SELECT max(deleted_before) FROM pairduck_marks WHERE relation = '${relation}')`
}

/**
 * Whether something that begins at `begin` (a TIMESTAMP expression) begins before the data do. A
 * window without beginning asks for all that is stored, and that is never cut short.
 */
export function truncatedSql(begin: string | undefined, coveredFrom: string): string {
  return begin === undefined ? 'false' : `coalesce(${begin} < ${coveredFrom}, true)`
}

/** The beginning of a window as a TIMESTAMP expression. */
export function windowBegin({ from }: ResolvedWindow): string | undefined {
  return from === undefined ? undefined : `make_timestamp(${from})`
}

function oldestTick(until: string): string {
  return `SELECT NULL, min(timestamp) FROM ticks ${until && `WHERE ${until}`}`
}

/** Without asking the view, which would fold every tick for it. */
function oldestCandle(relation: CandleRelation, until: string): string {
  const timeframe = relation.slice('candles_'.length) as Timeframe
  return `
    SELECT NULL, min(timestamp) FROM pairduck_candle_parts
    WHERE timeframe = '${timeframe}' ${until && `AND ${until}`}
    UNION ALL
    SELECT NULL, ${barStart(timeframe, 'min(timestamp)')} FROM ticks ${until && `WHERE ${until}`}`
}
