import type { DuckDBConnection } from '@duckdb/node-api'
import { anyTime } from '../../schema/any-time.ts'
import { barTimesSql } from '../../schema/candles.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import { candleRelation, retained, type Relation } from '../../schema/tables.ts'
import { microsFromMs, type Timeframe } from '../../time.ts'
import { schemaVersion } from '../../schema/migrations.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { readMarks } from './marks.ts'
import { readRules } from './retention-rules.ts'
import type { PairState, RelationState } from './state-file.ts'

/** Rows that the state file knew of and the file does not hold any more. */
export interface LostRows {
  readonly relation: Relation
  readonly expectedRows: number
  readonly foundRows: number
}

/** A state that tells all that is asked of the file itself. */
type MeasuredState = PairState & Required<Pick<PairState, 'marks' | 'retention'>>

export async function measureState(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
  clean: boolean,
): Promise<MeasuredState> {
  const marks = await readMarks(connection)
  const retention = await readRules(connection)
  const relations = await measureRelations(connection, candles)
  return { ...stateWith({ relations, marks }, retention), clean }
}

/** Asks a file what its relations hold, those alone that are wanted. */
export async function measureRelations(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
  isWanted: (relation: Relation) => boolean = () => true,
): Promise<PairState['relations']> {
  const others: readonly (readonly [Relation, from: string, ended: string])[] = [
    ...retained
      .filter(({ name }) => name !== 'ticks')
      .map(({ name, retention }) => [name, `FROM ${name}`, retention.ended ?? 'false'] as const),
    ...candles.map(
      (timeframe) =>
        [candleRelation(timeframe), `FROM (${barTimesSql(timeframe)})`, 'false'] as const,
    ),
  ]
  const questions = others
    .filter(([relation]) => isWanted(relation))
    .map(
      ([relation, from, ended]) => `SELECT '${relation}' AS relation, count(*) AS rows,
        min(timestamp) AS oldest, max(timestamp) AS newest,
        count(*) FILTER (${ended}) AS ended ${from}`,
    )
  if (isWanted('ticks')) questions.unshift(ticksMeasuredSql)
  if (questions.length === 0) return {}
  const rows = await readRows<Required<RelationState> & { relation: Relation }>(
    connection,
    questions.join(' UNION ALL '),
  )
  return Object.fromEntries(
    rows.map(({ relation, rows, oldest, newest, ended }) => [
      relation,
      { rows, oldest, newest, ended },
    ]),
  )
}

/** The state of a file that is closed in order, with such content and rules. */
export function stateWith(
  { relations, marks }: Required<Pick<PairState, 'relations' | 'marks'>>,
  retention: RetentionRules,
): MeasuredState {
  const deletedBefore = marks.ticks ?? null
  return { schemaVersion, clean: true, deletedBefore, marks, retention, relations }
}

/** Whether nothing was ever stored: a pair whose making was cut short before its first row. */
export async function isUnused(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
): Promise<boolean> {
  const { marks, relations } = await measureState(connection, candles, false)
  return (
    Object.keys(marks ?? {}).every((mark) => mark.endsWith(':visited')) &&
    Object.values(relations).every(({ rows }) => rows === 0)
  )
}

/**
 * The same of the ticks, of which there may be millions: `min` and `max` would read the column, while
 * the first row of an order is found by what the engine knows of each row group.
 */
const ticksMeasuredSql = `SELECT 'ticks' AS relation, (SELECT count(*) FROM ticks) AS rows,
  (SELECT timestamp FROM ticks WHERE ${anyTime} ORDER BY timestamp LIMIT 1) AS oldest,
  (SELECT timestamp FROM ticks ORDER BY timestamp DESC LIMIT 1) AS newest, 0::BIGINT AS ended`

/** A state of a pair's file that told of rows which the file does not hold. */
export interface Loss {
  readonly known: PairState
  readonly rows: readonly LostRows[]
  /** False where retention has gone on since then: how many are lost nobody can tell. */
  readonly counted: boolean
}

/** Rows that are missing since the pair was last closed, or since longer. */
export async function findLoss(
  connection: DuckDBConnection,
  before: PairState | undefined,
  found: { ticks: number; deletedBefore: number | null },
): Promise<Loss | undefined> {
  if (before === undefined) return undefined
  if (before.lost !== undefined) {
    const known = before.lost
    const rows = await stillLost(connection, known, found.deletedBefore)
    const counted = (found.deletedBefore ?? -Infinity) <= (known.deletedBefore ?? -Infinity)
    if (rows.length > 0) return { known, rows, counted }
  }
  const rows = lostRows(before, found)
  return rows.length > 0 ? { known: before, rows, counted: true } : undefined
}

/** Of what an earlier opening missed: newer ticks have come since, and stand for none of these. */
async function stillLost(
  connection: DuckDBConnection,
  { deletedBefore, relations }: PairState,
  mark: number | null,
): Promise<LostRows[]> {
  const { rows: expectedRows = 0, newest = null } = relations.ticks ?? {}
  const [row] = await readRows<{ rows: number }>(
    connection,
    `SELECT count(*) AS rows FROM ticks WHERE timestamp < make_timestamp(${microsFromMs((newest ?? 0) + 1)})
     ${deletedBefore === null ? '' : `AND timestamp >= make_timestamp(${microsFromMs(deletedBefore)})`}`,
  )
  const foundRows = row!.rows
  // Retention that has gone on since then has taken of both.
  const isBack = (mark ?? -Infinity) <= (deletedBefore ?? -Infinity) && foundRows >= expectedRows
  return isBack ? [] : [{ relation: 'ticks', expectedRows, foundRows }]
}

/** Ticks that are gone although no retention took them. */
export function lostRows(
  before: PairState | undefined,
  found: { ticks: number; deletedBefore: number | null },
): LostRows[] {
  if (before === undefined) return []
  const markBefore = before.deletedBefore ?? -Infinity
  const mark = found.deletedBefore ?? -Infinity
  const expected = before.relations.ticks?.rows ?? 0
  // A mark never goes back by itself: then the file is an older one than we wrote.
  const lost = mark < markBefore || (mark === markBefore && found.ticks < expected)
  return lost ? [{ relation: 'ticks', expectedRows: expected, foundRows: found.ticks }] : []
}

/** Whether a state speaks of all that an opened file holds now; a migration may have added to it. */
export function describes(state: PairState | undefined, candles: readonly Timeframe[]): boolean {
  return (
    state?.clean === true &&
    state.lost === undefined &&
    state.schemaVersion === schemaVersion &&
    candles.every((timeframe) => state.relations[candleRelation(timeframe)] !== undefined)
  )
}
