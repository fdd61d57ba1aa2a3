import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError, shown, type ErrorCode } from '../../errors.ts'
import {
  expected,
  fits,
  insertColumns,
  rowKeys,
  type InsertColumn,
  type InsertRows,
  type UpsertRelation,
} from '../../schema/insert-columns.ts'
import { markDirtySql } from '../../schema/analytics-state.ts'
import { insertExternalSql } from '../../schema/candles.ts'
import { refuseUnknownField, wholeRow } from '../../schema/row-fields.ts'
import { candleRelation, type Relation } from '../../schema/tables.ts'
import { earliestMs, latestMs, microsFromMs, timeframeMs, type Timeframe } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import type { RowCounts } from '../events/outcomes.ts'

/** Rows of an analytics table, checked and by column; throws INVALID_ROW naming row, field and value. */
export interface CheckedRows {
  readonly relation: UpsertRelation
  readonly records: readonly Record<string, unknown>[]
}

export function checkRows<Relation extends UpsertRelation>(
  relation: Relation,
  rows: readonly InsertRows[Relation][],
): CheckedRows {
  if (!Array.isArray(rows)) throw new TypeError(`expected an array of rows, got ${shown(rows)}`)
  for (const [index, row] of rows.entries())
    refuseUnknownField(relation, row, { code: 'INVALID_ROW', index, row: 'row' })
  return { relation, records: toRecords('INVALID_ROW', insertColumns[relation], rows) }
}

/**
 * Stores the rows of some calls in an analytics table, all or none; each replaces the one with its
 * key, so that sending them again changes nothing. The counts are those of the calls one after
 * the other.
 */
export async function writeRows(
  connection: DuckDBConnection,
  relation: UpsertRelation,
  calls: readonly CheckedRows['records'][],
): Promise<RowCounts[]> {
  const keys = rowKeys[relation]
  return upsert(connection, relation, calls, {
    microsOf: ({ timestamp }) => Number(timestamp),
    keyOf: (record) => JSON.stringify(keys.map((key) => record[key])),
    replace: (newest) => replaceRows(connection, relation, newest),
  })
}

async function replaceRows(
  connection: DuckDBConnection,
  relation: UpsertRelation,
  rows: readonly object[],
): Promise<number[]> {
  const columns: readonly InsertColumn<never>[] = insertColumns[relation]
  const names = columns.map(([, column]) => column).join(', ')
  const sameKey = rowKeys[relation].map((key) => `given.${key} = stored.${key}`).join(' AND ')
  await give(connection, columns, rows)
  const there = await ordinals(
    connection,
    `pairduck_given AS given SEMI JOIN ${relation} AS stored ON ${sameKey}`,
  )
  await connection.run(
    `DELETE FROM ${relation} AS stored USING pairduck_given AS given WHERE ${sameKey}`,
  )
  await connection.run(`INSERT INTO ${relation} (${names}) SELECT ${names} FROM pairduck_given`)
  await connection.run('DROP TABLE pairduck_given')
  return there
}

/**
 * Candles of a call, checked and copied. `latest`: the Unix ms beyond which an open time lies in
 * the future. Throws INVALID_CANDLE.
 */
export function checkCandles(
  timeframe: Timeframe,
  candles: readonly InsertRows['candles'][],
  latest: number,
): InsertRows['candles'][] {
  if (!Array.isArray(candles))
    throw new TypeError(`expected an array of candles, got ${shown(candles)}`)
  return candles.map((candle, index) => {
    checkCandle(index, timeframe, candle, latest)
    return wholeRow(candle)
  })
}

/**
 * Stores candles of some calls that come from elsewhere, checked, as {@link writeRows} does. Each
 * replaces whatever stood for its bar, ticks included, and stands for the whole bar until another
 * one is given.
 */
export async function writeCandles(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  calls: readonly (readonly InsertRows['candles'][])[],
): Promise<RowCounts[]> {
  return upsert(connection, candleRelation(timeframe), calls, {
    microsOf: ({ timestamp }) => microsFromMs(timestamp),
    keyOf: ({ timestamp }) => timestamp,
    replace: (newest) => replaceCandles(connection, timeframe, newest),
  })
}

/** Stores candles instead of what is stored of their bars; returns which of the bars were there. */
async function replaceCandles(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  candles: readonly InsertRows['candles'][],
): Promise<number[]> {
  await give(
    connection,
    insertColumns.candles,
    toRecords('INVALID_CANDLE', insertColumns.candles, candles),
  )
  const there = await ordinals(
    connection,
    `pairduck_given SEMI JOIN ${candleRelation(timeframe)} USING (timestamp)`,
  )
  await connection.run(
    `DELETE FROM pairduck_candle_parts WHERE timeframe = '${timeframe}'
     AND timestamp IN (SELECT timestamp FROM pairduck_given)`,
  )
  await connection.run(insertExternalSql(`'${timeframe}'`, 'pairduck_given'))
  const oldest = '(SELECT min(timestamp) FROM pairduck_given)'
  await connection.run(markDirtySql(oldest, `timeframe = '${timeframe}'`))
  await connection.run('DROP TABLE pairduck_given')
  return there
}

/** Why a candle cannot be stored, or undefined when it can. */
export function candleFault(
  timeframe: Timeframe,
  candle: InsertRows['candles'],
  latest: number,
): { field: string; value: unknown; reason: string } | undefined {
  const { timestamp, open, high, low, close } = candle
  if (!(timestamp >= earliestMs && timestamp < latestMs))
    return fault('timestamp', timestamp, 'is not a time from 2000 to 2100 in Unix ms')
  if (timestamp % timeframeMs[timeframe] !== 0)
    return fault('timestamp', timestamp, `does not open a bar of ${timeframe}`)
  if (timestamp > latest)
    return fault('timestamp', timestamp, 'lies in the future by more than `maxFutureMs`')
  for (const [field, price] of Object.entries({ open, high, low, close }))
    if (typeof price !== 'number' || !(price > 0 && price < Infinity))
      return fault(field, price, 'is not a finite number above 0')
  if (high < Math.max(open, close, low)) return fault('high', high, 'is below open, close or low')
  if (low > Math.min(open, close)) return fault('low', low, 'is above open or close')
  for (const field of ['volume', 'buyVolume', 'sellVolume', 'quoteVolume', 'tradeCount'] as const) {
    const value = candle[field]
    const absent = (value === null || value === undefined) && field !== 'volume'
    if (!absent && !(typeof value === 'number' && value >= 0 && value < Infinity))
      return fault(field, value, 'is not a finite number from 0 on')
  }
  if (!Number.isInteger(candle.tradeCount ?? 0))
    return fault('tradeCount', candle.tradeCount, 'is not a whole number')
  return undefined
}

function fault(
  field: string,
  value: unknown,
  reason: string,
): { field: string; value: unknown; reason: string } {
  return { field, value, reason }
}

function checkCandle(
  index: number,
  timeframe: Timeframe,
  candle: InsertRows['candles'],
  latest: number,
): void {
  if (Array.isArray(candle))
    throw new TypeError(
      `candle ${index}: expected an object, got a list; of ccxt's rows \`candlesFromCcxt(rows)\` from 'pairduck/ccxt' makes candles`,
    )
  if (typeof candle !== 'object' || candle === null)
    throw new TypeError(`candle ${index}: expected an object, got ${shown(candle)}`)
  refuseUnknownField('candles', candle, { code: 'INVALID_CANDLE', index, row: 'candle' })
  const found = candleFault(timeframe, candle, latest)
  if (found !== undefined)
    throw new PairduckError(
      'INVALID_CANDLE',
      `candle ${index}: \`${found.field}\` ${shown(found.value)} ${found.reason}`,
      { index, ...found },
    )
}

interface Replacing<Row> {
  readonly microsOf: (row: Row) => number
  /** What tells one row of the relation from another. */
  readonly keyOf: (row: Row) => unknown
  /** Puts rows of different keys in place of those with the same; returns for which there was one. */
  readonly replace: (rows: readonly Row[]) => Promise<number[]>
}

/** Stores those of the calls' rows, all or none, that are not older than retention's mark. */
function upsert<Row>(
  connection: DuckDBConnection,
  relation: Relation,
  calls: readonly (readonly Row[])[],
  { microsOf, keyOf, replace }: Replacing<Row>,
): Promise<RowCounts[]> {
  return inTransaction(connection, async () => {
    const mark = microsFromMs(await markOf(connection, relation))
    const kept = calls.map((rows) => rows.filter((row) => microsOf(row) >= mark))
    // Of rows with one key the last one stands.
    const byKey = new Map(kept.flat().map((row) => [keyOf(row), row]))
    const keys = [...byKey.keys()]
    const there = new Set((await replace([...byKey.values()])).map((index) => keys[index]))
    return calls.map((rows, call) => {
      const before = there.size
      for (const row of kept[call]!) there.add(keyOf(row))
      const inserted = there.size - before
      const stored = kept[call]!.length
      return { inserted, replaced: stored - inserted, expired: rows.length - stored }
    })
  })
}

/** Retention's mark of a relation in Unix ms. */
async function markOf(connection: DuckDBConnection, relation: Relation): Promise<number> {
  const [mark] = await readRows<{ deletedBefore: number }>(
    connection,
    `SELECT deleted_before AS "deletedBefore" FROM pairduck_marks WHERE relation = '${relation}'`,
  )
  return mark?.deletedBefore ?? -Infinity
}

/** Which of the given rows a relation of them holds. */
async function ordinals(connection: DuckDBConnection, relation: string): Promise<number[]> {
  const rows = await readRows<{ ordinal: number }>(connection, `SELECT ordinal FROM ${relation}`)
  return rows.map(({ ordinal }) => ordinal)
}

/**
 * Lays rows down as `pairduck_given`, with their ordinals; as one JSON parameter, whose numbers
 * DuckDB reads back to the last bit.
 */
async function give(
  connection: DuckDBConnection,
  columns: readonly InsertColumn<never>[],
  rows: readonly object[],
): Promise<void> {
  await readRows(
    connection,
    `CREATE OR REPLACE TEMP TABLE pairduck_given AS SELECT * FROM (${fromJson(columns)})`,
    { payload: JSON.stringify(rows.map((row, ordinal) => ({ ...row, ordinal }))) },
  )
}

/** Rows by column, times in µs; throws for the first value that does not fit. */
function toRecords<Row extends object>(
  code: ErrorCode,
  columns: readonly InsertColumn<Row>[],
  rows: readonly Row[],
): Record<string, unknown>[] {
  return rows.map((row: Row, index) =>
    Object.fromEntries(
      columns.map(([field, column, kind, nullable]) => {
        const value: unknown = row[field]
        if ((value === undefined || value === null) && nullable === true) return [column, null]
        if (!fits(value, kind))
          throw new PairduckError(
            code,
            `row ${index}: \`${field}\` is ${shown(value)}; expected ${expected(kind)}`,
            { index, field, value },
          )
        return [column, kind === 'time' ? microsFromMs(Number(value)) : value]
      }),
    ),
  )
}

function fromJson<Row>(columns: readonly InsertColumn<Row>[]): string {
  const types = columns.map(([, column, kind]) => `"${column}":"${jsonType(kind)}"`)
  const fields = columns.map(([, column, kind]) =>
    kind === 'time' ? `make_timestamp(entry.${column}) AS ${column}` : `entry.${column}`,
  )
  types.push('"ordinal":"BIGINT"')
  fields.push('entry.ordinal')
  return `SELECT ${fields.join(', ')} FROM (SELECT unnest(from_json($payload, '[{${types.join(',')}}]')) AS entry)`
}

function jsonType(kind: InsertColumn<never>[2]): string {
  if (kind === 'time' || kind === 'count') return 'BIGINT'
  return kind === 'number' ? 'DOUBLE' : 'VARCHAR'
}
