import { tickOrder } from './tables.ts'
import { followsPreviousSql } from './ticks-in-order.ts'

/**
 * CTEs, the last of them `running`: ticks with the given columns, `signed` (volume, of sells
 * negative) and `running`, the sum of all signed volumes up to this tick in the order of ticks.
 *
 * A sum over a window without ORDER BY streams over its input, and the input was sorted just
 * before: half the time of the same window with the order in it. The engine keeps that order
 * (the operator asks for a fixed one); the walks in the tests would notice if it did not. The
 * columns are made before the sort, as taking times and prices out of its keys again costs more.
 */
export function runningSql(columns: string, where: string, ticks = 'ticks'): string {
  return `
    ordered AS (
      SELECT ${columns}, if(side = 'BUY', volume, -volume) AS signed
      FROM ${ticks} WHERE ${where} ORDER BY ${tickOrder}
    ), running AS (
      SELECT *, sum(signed) OVER (ROWS UNBOUNDED PRECEDING) AS running FROM ordered
    )`
}

/**
 * A SELECT of `reached` – bars with `bar`, `delta`, and `highest` and `lowest` of `running` – with
 * `max_delta` and `min_delta`, the same counted from the bar's opening, without the initial 0.
 */
export function swingSql(reached: string): string {
  return `
    SELECT * EXCLUDE (highest, lowest, base),
      greatest(highest - base, delta) AS max_delta, least(lowest - base, delta) AS min_delta
    FROM (SELECT *, coalesce(sum(delta) OVER (
      ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS base FROM ${reached})`
}

/** The columns of a bar's extremes where it is stored. */
export const swingColumns = ['max_delta', 'min_delta'] as const

/**
 * CTEs, the last of them `running`: ticks as they come, with `signed`, `running`, and `step`: 1 where the
 * tick before is of another bar, 0 where it is of the same and stands where it belongs, else 2.
 */
export function runningAsTheyComeSql(bar: BarOfTime, ticks: string, where: string): string {
  const previous = ['timestamp', 'trade_id', 'price', 'volume', 'side'].map(
    (column) => `lag(${column}) OVER () AS previous_${column}`,
  )
  return `
    neighbour AS (
      SELECT *, if(side = 'BUY', volume, -volume) AS signed, ${previous.join(', ')}
      FROM ${ticks} WHERE ${where}
    ), running AS (
      SELECT *, sum(signed) OVER (ROWS UNBOUNDED PRECEDING) AS running,
        CASE
          WHEN ${bar('timestamp')} IS DISTINCT FROM ${bar('previous_timestamp')} THEN 1
          WHEN ${followsPreviousSql} THEN 0
          ELSE 2
        END AS step
      FROM neighbour
    )`
}

/** Which bar a time expression is of. */
export type BarOfTime = (time: string) => string

/**
 * The extremes of a bar out of {@link runningAsTheyComeSql}, as aggregates. They are unknown where ticks
 * do not come in order: sorting all of them would take more than everything else, and nearly all are.
 */
export const swingAsTheyComeSql: string = (() => {
  const base = 'sum(if(step = 1, running - signed, 0))'
  const delta = `sum(if(side = 'BUY', volume, 0)) - sum(if(side = 'SELL', volume, 0))`
  return `CASE WHEN sum(step) = 1 THEN greatest(max(running) - ${base}, ${delta}) END AS max_delta,
        CASE WHEN sum(step) = 1 THEN least(min(running) - ${base}, ${delta}) END AS min_delta`
})()

/**
 * Pieces of bars with what their extremes need to be merged: `base`, the delta of the pieces of the
 * bar before, and `follows`, whether the piece begins behind the end of the one before.
 */
export function swingPiecesSql(pieces: string, key: string): string {
  const delta = 'buy_volume - sell_volume'
  const [first, last] = ['first', 'last'].map(
    (edge) => `row(${edge}_timestamp, length(${edge}_id), ${edge}_id)`,
  )
  return `(SELECT *,
      coalesce(sum(${delta}) OVER (in_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS base,
      coalesce(lag(${last}) OVER in_time < ${first}, true) AS follows
    FROM ${pieces}
    WINDOW in_time AS (PARTITION BY ${key} ORDER BY first_timestamp, length(first_id), first_id))`
}

/**
 * The extremes of a bar as aggregates of its pieces, each with its own and with `base`, the `delta` of
 * those before it.
 */
export function reachSql(delta: string): { readonly highest: string; readonly lowest: string } {
  return {
    highest: `greatest(max(base + max_delta), ${delta})`,
    lowest: `least(min(base + min_delta), ${delta})`,
  }
}

/**
 * The same out of {@link swingPiecesSql}. A running sum goes through the pieces in the order of time: its
 * extremes are unknown where pieces overlap, since a tick came late, or where one does not know its own.
 */
export const mergedSwingSql: string = (() => {
  const { highest, lowest } = reachSql('sum(buy_volume) - sum(sell_volume)')
  const known = 'bool_and(follows) AND count(max_delta) = count(*)'
  return `CASE WHEN ${known} THEN ${highest} END AS max_delta,
      CASE WHEN ${known} THEN ${lowest} END AS min_delta`
})()
