import { barStart, tickOrder } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'

/**
 * CTEs, the last of them `swing`: per bar `delta`, the largest and smallest running delta inside
 * it (`max_delta`, `min_delta`: without the initial 0), `buy_volume`, `sell_volume` and
 * `trade_count`.
 *
 * A sum over a window without ORDER BY streams over its input, and the input was sorted just
 * before: half the time of the same window with the order in it. The engine keeps that order
 * (the operator asks for a fixed one); the walks in the tests would notice if it did not.
 */
export function swingSql(timeframe: Timeframe, where: string): string {
  return `
    ordered AS (
      SELECT timestamp, if(side = 'BUY', volume, -volume) AS signed
      FROM ticks WHERE ${where} ORDER BY ${tickOrder}
    ), running AS (
      SELECT timestamp, signed, sum(signed) OVER (ROWS UNBOUNDED PRECEDING) AS running FROM ordered
    ), reached AS (
      SELECT ${barStart(timeframe)} AS bar, max(running) AS highest, min(running) AS lowest,
        sum(signed) AS delta, sum(greatest(signed, 0)) AS buy_volume,
        sum(greatest(-signed, 0)) AS sell_volume, count(*) AS trade_count
      FROM running GROUP BY bar
    ), swing AS (
      SELECT bar, delta, buy_volume, sell_volume, trade_count,
        greatest(highest - base, delta) AS max_delta, least(lowest - base, delta) AS min_delta
      FROM (SELECT *, coalesce(sum(delta) OVER (
        ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS base FROM reached)
    )`
}
