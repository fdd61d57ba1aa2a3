import { tickOrder } from '../schema/tables.ts'

/**
 * CTEs, the last of them `running`: ticks with the given columns, `signed` (volume, of sells
 * negative) and `running`, the sum of all signed volumes up to this tick in the order of ticks.
 *
 * A sum over a window without ORDER BY streams over its input, and the input was sorted just
 * before: half the time of the same window with the order in it. The engine keeps that order
 * (the operator asks for a fixed one); the walks in the tests would notice if it did not. The
 * columns are made before the sort, as taking times and prices out of its keys again costs more.
 */
export function runningSql(columns: string, where: string): string {
  return `
    ordered AS (
      SELECT ${columns}, if(side = 'BUY', volume, -volume) AS signed
      FROM ticks WHERE ${where} ORDER BY ${tickOrder}
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
