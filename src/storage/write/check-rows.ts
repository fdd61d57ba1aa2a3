import { PairduckError, shown, type ErrorCode } from '../../errors.ts'
import {
  expected,
  fits,
  insertColumns,
  type InsertColumn,
  type InsertRows,
  type UpsertRelation,
} from '../../schema/insert-columns.ts'
import { refuseUnknownField, wholeRow } from '../../schema/row-fields.ts'
import { earliestMs, latestMs, microsFromMs, timeframeMs, type Timeframe } from '../../time.ts'
import type { RowRecord } from './row-relation.ts'

/** Rows of an analytics table, checked; throws INVALID_ROW naming row, field and value. */
export function checkRows<Relation extends UpsertRelation>(
  relation: Relation,
  rows: readonly InsertRows[Relation][],
): RowRecord[] {
  if (!Array.isArray(rows)) throw new TypeError(`expected an array of rows, got ${shown(rows)}`)
  for (const [index, row] of rows.entries())
    refuseUnknownField(relation, row, { code: 'INVALID_ROW', index, row: 'row' })
  return toRecords('INVALID_ROW', insertColumns[relation], rows)
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

/** Checked candles as they are stored. */
export function candleRecords(candles: readonly InsertRows['candles'][]): RowRecord[] {
  return toRecords('INVALID_CANDLE', insertColumns.candles, candles)
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

/** Rows by column, times in µs; throws for the first value that does not fit. */
function toRecords<Row extends object>(
  code: ErrorCode,
  columns: readonly InsertColumn<Row>[],
  rows: readonly Row[],
): RowRecord[] {
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
