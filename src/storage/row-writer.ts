import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError, shown, type ErrorCode } from '../errors.ts'
import {
  expected,
  fits,
  insertColumns,
  type InsertColumn,
  type InsertRelation,
  type InsertRows,
} from '../schema/insert-columns.ts'
import { markDirtySql } from '../schema/analytics-state.ts'
import { candleRelation } from '../schema/tables.ts'
import { earliestMs, latestMs, microsFromMs, timeframeMs, type Timeframe } from '../time.ts'
import { readRows } from './read-rows.ts'
import { inTransaction } from './transaction.ts'

/** What became of rows that are not ticks: `inserted + replaced + expired` = given. */
export interface RowCounts {
  readonly inserted: number
  /** Stood there before (candles: the same bar) and were replaced. */
  readonly replaced: number
  /** Older than retention's mark of their table: not stored again. */
  readonly expired: number
}

/** Inserts rows of an analytics table, all or none. Throws INVALID_ROW naming row, field and value. */
export async function writeRows<Relation extends Exclude<InsertRelation, 'ticks' | 'candles'>>(
  connection: DuckDBConnection,
  relation: Relation,
  rows: readonly InsertRows[Relation][],
): Promise<RowCounts> {
  const payload = toJson('INVALID_ROW', insertColumns[relation], rows)
  const columns = insertColumns[relation].map(([, column]) => column).join(', ')
  await readRows(
    connection,
    `INSERT INTO ${relation} (${columns}) SELECT * FROM (${fromJson(insertColumns[relation])})`,
    { payload },
  )
  return { inserted: rows.length, replaced: 0, expired: 0 }
}

/**
 * Stores candles that come from elsewhere. Each replaces whatever stood for its bar, ticks
 * included, and stands for the whole bar until another one is given.
 */
export async function writeCandles(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  candles: readonly InsertRows['candles'][],
): Promise<RowCounts> {
  for (const [index, candle] of candles.entries()) checkCandle(index, timeframe, candle)
  const relation = candleRelation(timeframe)
  return inTransaction(connection, async () => {
    const [mark] = await readRows<{ deletedBefore: number }>(
      connection,
      `SELECT deleted_before AS "deletedBefore" FROM pairduck_marks WHERE relation = '${relation}'`,
    )
    const deletedBefore = mark?.deletedBefore ?? -Infinity
    const kept = candles.filter(({ timestamp }) => timestamp >= deletedBefore)
    // Of two candles for one bar in one call the later one stands.
    const byBar = [...new Map(kept.map((candle) => [candle.timestamp, candle])).values()]
    const there = await replaceCandles(connection, timeframe, byBar)
    return {
      inserted: byBar.length - there,
      replaced: kept.length - byBar.length + there,
      expired: candles.length - kept.length,
    }
  })
}

/** Puts candles in place of what stands for their bars; returns for how many something did. */
async function replaceCandles(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  candles: readonly InsertRows['candles'][],
): Promise<number> {
  await readRows(
    connection,
    `CREATE OR REPLACE TEMP TABLE pairduck_given AS SELECT * FROM (${fromJson(insertColumns.candles)})`,
    { payload: toJson('INVALID_CANDLE', insertColumns.candles, candles) },
  )
  const [count] = await readRows<{ there: number }>(
    connection,
    `SELECT count(*) AS there FROM ${candleRelation(timeframe)} SEMI JOIN pairduck_given USING (timestamp)`,
  )
  await connection.run(
    `DELETE FROM pairduck_candle_parts WHERE timeframe = '${timeframe}'
     AND timestamp IN (SELECT timestamp FROM pairduck_given)`,
  )
  const columns = insertColumns.candles.map(([, column]) => column).join(', ')
  await connection.run(
    `INSERT INTO pairduck_candle_parts
       (timeframe, ${columns}, first_timestamp, first_id, last_timestamp, last_id, given)
     SELECT '${timeframe}', ${columns}, timestamp, '', timestamp, '', true FROM pairduck_given`,
  )
  const oldest = '(SELECT min(timestamp) FROM pairduck_given)'
  await connection.run(markDirtySql(oldest, `timeframe = '${timeframe}'`))
  await connection.run('DROP TABLE pairduck_given')
  return count!.there
}

/** Why a candle cannot be stored, or undefined when it can. */
export function candleFault(
  timeframe: Timeframe,
  candle: InsertRows['candles'],
): { field: string; value: unknown; reason: string } | undefined {
  const { timestamp, open, high, low, close } = candle
  if (!(timestamp >= earliestMs && timestamp < latestMs))
    return fault('timestamp', timestamp, 'is not a time from 2000 to 2100 in Unix ms')
  if (timestamp % timeframeMs[timeframe] !== 0)
    return fault('timestamp', timestamp, `does not open a bar of ${timeframe}`)
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

function checkCandle(index: number, timeframe: Timeframe, candle: InsertRows['candles']): void {
  if (typeof candle !== 'object' || candle === null)
    throw new TypeError(`candle ${index}: expected an object, got ${shown(candle)}`)
  const found = candleFault(timeframe, candle)
  if (found !== undefined)
    throw new PairduckError(
      'INVALID_CANDLE',
      `candle ${index}: \`${found.field}\` ${shown(found.value)} ${found.reason}`,
      { index, ...found },
    )
}

/** Rows as one JSON parameter: DuckDB reads its numbers back to the last bit. */
function toJson<Row extends object>(
  code: ErrorCode,
  columns: readonly InsertColumn<Row>[],
  rows: readonly Row[],
): string {
  return JSON.stringify(
    rows.map((row, index) =>
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
    ),
  )
}

function fromJson<Row>(columns: readonly InsertColumn<Row>[]): string {
  const types = columns.map(([, column, kind]) => `"${column}":"${jsonType(kind)}"`)
  const fields = columns.map(([, column, kind]) =>
    kind === 'time' ? `make_timestamp(entry.${column}) AS ${column}` : `entry.${column}`,
  )
  return `SELECT ${fields.join(', ')} FROM (SELECT unnest(from_json($payload, '[{${types.join(',')}}]')) AS entry)`
}

function jsonType(kind: InsertColumn<never>[2]): string {
  if (kind === 'time' || kind === 'count') return 'BIGINT'
  return kind === 'number' ? 'DOUBLE' : 'VARCHAR'
}
