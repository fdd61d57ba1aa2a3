import { leastOfSources, type BarOrigin } from '../schema/bar-sources.ts'
import { forItsOldest } from '../schema/oldest-rows.ts'
import { barStart, type CandleRelation } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import type { ResolvedWindow } from './window.ts'

/** How far back the data under a result reach; every result over a window or a session has it. */
export interface Coverage {
  /** Unix ms: nothing is missing from here on as far as can be known; null where nothing is stored. */
  readonly coveredFrom: number | null
  /** The window or session begins before `coveredFrom`, so the figures are of a part of it. */
  readonly truncated: boolean
  /**
   * False where the pair's ledger of gaps has a hole in the time that the row is made of, open,
   * unfillable or unproved. True says that no hole is known, and of unrecorded pairs nothing.
   */
  readonly complete: boolean
}

/** What coverage is that of; of bars that the file decides on, the source that reaches farthest back. */
export type CoveredRelation = BarOrigin | { readonly anyBarsOf: Timeframe }

/** The columns of {@link Coverage} for the end of a SELECT list, of rows over the whole window. */
export function windowCoverage(window: ResolvedWindow, relation?: CoveredRelation): string {
  const span = windowSpan(window)
  return columns(window, relation, span.begin, completeSql(span, relation))
}

/** The same where what comes after the window counts as well, up to `asOf`. */
export function coverageToAsOf(window: ResolvedWindow, relation?: CoveredRelation): string {
  return windowCoverage({ ...window, to: undefined }, relation)
}

/**
 * The same where each row is made of a time of its own. `askedFrom` is what `truncated` speaks of,
 * if that is not the beginning of the row's time.
 */
export function rowCoverage(
  window: ResolvedWindow,
  span: Span & { readonly askedFrom?: string | undefined },
  relation?: CoveredRelation,
): string {
  const askedFrom = 'askedFrom' in span ? span.askedFrom : span.begin
  return columns(window, relation, askedFrom, completeRowSql(span, relation))
}

/** A time, as TIMESTAMP expressions; no `begin`: all that is stored, no `end`: until now. */
export interface Span {
  readonly begin: string | undefined
  readonly end: string | undefined
}

function columns(
  window: ResolvedWindow,
  relation: CoveredRelation | undefined,
  askedFrom: string | undefined,
  complete: string,
): string {
  const covered = coveredFromSql(window, relation)
  return `${covered} AS "coveredFrom", ${truncatedSql(askedFrom, covered)} AS "truncated",
      ${complete} AS "complete"`
}

const unfilled = `FROM gaps WHERE state <> 'filled'`
const holeEnd = `coalesce(to_time, 'infinity')`

/** Whether no hole of the ledger that is not filled reaches into a time. */
function completeSql(span: Span, relation: CoveredRelation = 'ticks'): string {
  const { begin = deletedBefore(relation), end } = span
  return `(SELECT count(*) = 0 ${unfilled} AND ${reaches('from_time', holeEnd, { begin, end })})`
}

/** The same row by row: the holes are one list, so that many rows cost one look at the ledger. */
export function completeRowSql(span: Span, relation: CoveredRelation = 'ticks'): string {
  const stored = span.begin === undefined ? ` AND ${holeEnd} >= ${deletedBefore(relation)}` : ''
  const holes = `(SELECT list({ since: from_time, until: ${holeEnd} }) ${unfilled}${stored})`
  return `coalesce(len(list_filter(${holes}, lambda hole: ${reaches(`struct_extract(hole, 'since')`, `struct_extract(hole, 'until')`, span)})), 0) = 0`
}

function reaches(since: string, until: string, { begin, end }: Span): string {
  const conditions = [
    ...(end === undefined ? [] : [`${since} < ${end}`]),
    ...(begin === undefined ? [] : [`${until} >= ${begin}`]),
  ]
  return conditions.length === 0 ? 'true' : conditions.join(' AND ')
}

/** All that is stored begins behind what retention deleted. */
function deletedBefore(relation: CoveredRelation): string {
  if (typeof relation === 'object') return leastOfSources(relation.anyBarsOf, deletedBefore)
  return `coalesce(${deletedBeforeSql(relation)}, '-infinity')`
}

/**
 * From when on the data are there: where retention deleted, its mark; else the oldest row. What
 * was never stored before the oldest row can't be told from what never happened.
 */
export function coveredFromSql(
  window: Pick<ResolvedWindow, 'asOf'>,
  relation: CoveredRelation = 'ticks',
): string {
  if (typeof relation === 'object')
    return leastOfSources(relation.anyBarsOf, (origin) => coveredFromSql(window, origin))
  const { asOf } = window
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
export function deletedBeforeSql(relation: BarOrigin): string {
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

/** What a row over the whole window is made of. */
export function windowSpan(window: ResolvedWindow): Span {
  const ends = [window.to, window.asOf].filter((end) => end !== undefined)
  const end = ends.length === 0 ? undefined : `make_timestamp(least(${ends.join(', ')}))`
  return { begin: windowBegin(window), end }
}

function oldestTick(until: string): string {
  return `SELECT NULL, min(timestamp) FROM ${forItsOldest('ticks')} ${until && `WHERE ${until}`}`
}

/** Without asking the view, which would fold every tick for it. */
function oldestCandle(relation: CandleRelation, until: string): string {
  const timeframe = relation.slice('candles_'.length) as Timeframe
  return `
    SELECT NULL, min(timestamp) FROM ${forItsOldest('pairduck_candle_parts')}
    WHERE timeframe = '${timeframe}' ${until && `AND ${until}`}
    UNION ALL
    SELECT NULL, ${barStart(timeframe, 'min(timestamp)')} FROM ${forItsOldest('ticks')} ${until && `WHERE ${until}`}
    HAVING ${barStart(timeframe, 'min(timestamp)')} >= coalesce(${deletedBeforeSql('ticks')}, '-infinity'::TIMESTAMP)`
}
