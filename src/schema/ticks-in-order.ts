import { tickOrder } from './tables.ts'

/** A SELECT of ticks in their one order, which needs no sort where the file holds them so. */
export interface TicksInOrder {
  readonly inOrder: {
    /** The same SELECT without ORDER BY: rows come as the file holds them. */
    readonly sql: string
    /** The condition on ticks, of which all that it reads are a part; it names every parameter. */
    readonly where: string
  }
}

/** How many ticks are older than the one before them, and how many are of the same time. */
export function timeStepsSql(where: string): string {
  return `SELECT
    count(*) FILTER (time < time_before) AS back, count(*) FILTER (time = time_before) AS ties
  FROM (
    SELECT timestamp AS time, lag(timestamp) OVER () AS time_before FROM ticks WHERE ${where}
  )`
}

/** How many ticks stand behind one of the same time that comes after them. */
export function tiesOutOfOrderSql(where: string): string {
  const [, ...keys] = tickOrder.split(/, (?![^(]*\))/)
  const names = keys.map((_, at) => `key_${at}`)
  const row = (suffix: string): string => `row(${names.map((name) => name + suffix).join(', ')})`
  const columns = keys.map(
    (key, at) => `${key} AS ${names[at]}, lag(${key}) OVER () AS ${names[at]}_before`,
  )
  return `SELECT count(*) AS misplaced
  FROM (
    SELECT timestamp AS time, lag(timestamp) OVER () AS time_before, ${columns.join(', ')}
    FROM ticks WHERE ${where}
  )
  WHERE time = time_before AND ${row('')} < ${row('_before')}`
}

/**
 * Whether a tick stands behind the one before it, whose columns are `previous_timestamp` … : for a
 * scan that has all columns anyway. Times alone tell it of most; the order is compared only where two
 * are equal.
 */
export const followsPreviousSql: string = `CASE
  WHEN previous_timestamp IS NULL OR timestamp > previous_timestamp THEN true
  WHEN timestamp < previous_timestamp THEN false
  ELSE row(${tickOrder}) >= row(${tickOrder.replaceAll(/\b(timestamp|trade_id|price|volume|side)\b/g, 'previous_$1')})
END`
