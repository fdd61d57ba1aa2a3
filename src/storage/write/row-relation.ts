import { markDirtySql } from '../../schema/analytics-state.ts'
import { insertExternalSql } from '../../schema/candles.ts'
import {
  insertColumns,
  rowKeys,
  type InsertColumn,
  type UpsertRelation,
} from '../../schema/insert-columns.ts'
import { candleRelation, type Relation } from '../../schema/tables.ts'
import { timeframes, type Timeframe } from '../../time.ts'

/** A checked row by its columns, times in µs; it comes back from JSON as it was. */
export type RowRecord = Readonly<Record<string, unknown>>

/** A relation whose rows replace those with the same key. The statements read the rows of `pairduck_given`. */
export interface RowRelation {
  readonly name: Relation
  readonly columns: readonly InsertColumn<never>[]
  /** Ticks make rows of it, too. */
  readonly isOfTicks: boolean
  /** What tells one row from another. */
  readonly keyOf: (row: RowRecord) => string | number
  /** The newest time (µs) of a row in it, or later; of one that ticks make as far as they are rolled up. */
  readonly newestSql: string
  /** The ordinals of those rows whose keys it has. */
  readonly thereSql: string
  /** Puts the rows in place of those with their keys. */
  readonly putSql: string
}

const known = new Map<string, RowRelation>(
  [...timeframes.map(candlesOf), ...(Object.keys(rowKeys) as UpsertRelation[]).map(tableOf)].map(
    (relation) => [relation.name, relation],
  ),
)

/** The relation of a name; undefined where this package knows none. */
export function rowRelation(name: Relation): RowRelation
export function rowRelation(name: string): RowRelation | undefined
export function rowRelation(name: string): RowRelation | undefined {
  return known.get(name)
}

/** The time of a row, in µs. */
export function microsOf({ timestamp }: RowRecord): number {
  return Number(timestamp)
}

/**
 * Candles from elsewhere. Each replaces whatever stood for its bar, ticks included, and stands for
 * the whole bar until another one is given.
 */
function candlesOf(timeframe: Timeframe): RowRelation {
  const name = candleRelation(timeframe)
  const oldest = '(SELECT min(timestamp) FROM pairduck_given)'
  return {
    name,
    columns: insertColumns.candles,
    isOfTicks: true,
    keyOf: microsOf,
    newestSql: `SELECT max(timestamp) FROM pairduck_candle_parts WHERE timeframe = '${timeframe}'`,
    thereSql: `SELECT ordinal FROM pairduck_given SEMI JOIN ${name} USING (timestamp)`,
    putSql: `DELETE FROM pairduck_candle_parts WHERE timeframe = '${timeframe}'
        AND timestamp IN (SELECT timestamp FROM pairduck_given);
      ${insertExternalSql(`'${timeframe}'`, 'pairduck_given')};
      ${markDirtySql(oldest, `timeframe = '${timeframe}'`)}`,
  }
}

/** Rows of an analytics table. */
function tableOf(name: UpsertRelation): RowRelation {
  const columns: readonly InsertColumn<never>[] = insertColumns[name]
  const keys = rowKeys[name]
  const names = columns.map(([, column]) => column).join(', ')
  const sameKey = keys.map((key) => `given.${key} = stored.${key}`).join(' AND ')
  return {
    name,
    columns,
    isOfTicks: false,
    keyOf: (row) => JSON.stringify(keys.map((key) => row[key])),
    newestSql: `SELECT max(timestamp) FROM ${name}`,
    thereSql: `SELECT ordinal FROM pairduck_given AS given SEMI JOIN ${name} AS stored ON ${sameKey}`,
    putSql: `DELETE FROM ${name} AS stored USING pairduck_given AS given WHERE ${sameKey};
      INSERT INTO ${name} (${names}) SELECT ${names} FROM pairduck_given`,
  }
}
