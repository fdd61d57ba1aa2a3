/**
 * Wilder's average true range as CTEs, so that it runs as one query: the first value is the mean
 * of the first `period` true ranges (the first bar's is high − low), each later one is
 * (previous × (period − 1) + true range) / period.
 *
 * Written out, a value is a sum of true ranges with weights that fall by (period − 1) / period per
 * bar. Bars are cut into stretches so long that what lies two stretches back weighs less than a
 * double resolves: inside one the sum runs as a window, before it two carried values are enough.
 *
 * The last CTE is `ranged`: the columns of `bars` and `average_true_range`, NULL for the first
 * `period` − 1 bars. Source: J. W. Wilder, New Concepts in Technical Trading Systems, 1978.
 */
export function averageTrueRangeSql(bars: string, period: number): string {
  const fall = Math.log(period / (period - 1))
  const stretch = Math.ceil(-Math.log(Number.EPSILON) / fall)
  const weight = (exponent: string): string => `exp(${fall}::DOUBLE * (${exponent}))`
  return `
    true_range AS (
      SELECT
        *, row_number() OVER in_order - 1 AS bar_number,
        greatest(
          high - low,
          abs(high - lag(close) OVER in_order),
          abs(low - lag(close) OVER in_order)) AS true_range
      FROM ${bars} WINDOW in_order AS (ORDER BY timestamp)
    ), weighed AS (
      SELECT
        *, bar_number // ${stretch} AS stretch,
        ${weight(`bar_number % ${stretch}`)} * CASE
          WHEN bar_number >= ${period} THEN true_range / ${period}
          WHEN bar_number = ${period - 1} THEN
            (SELECT avg(true_range) FROM true_range WHERE bar_number < ${period})
          ELSE 0
        END AS weighed
      FROM true_range
    ), summed AS (
      SELECT *, sum(weighed) OVER (PARTITION BY stretch ORDER BY bar_number) AS summed
      FROM weighed
    ), stretch_end AS (
      SELECT stretch + 1 AS stretch, max(summed) * ${weight(`-${stretch - 1}`)} AS value
      FROM summed GROUP BY stretch
    ), carried AS (
      SELECT
        stretch,
        value + coalesce(lag(value) OVER (ORDER BY stretch), 0) * ${weight(`-${stretch}`)} AS value
      FROM stretch_end
    ), ranged AS (
      SELECT
        summed.* EXCLUDE (stretch, weighed, summed),
        CASE WHEN bar_number >= ${period - 1} THEN
          summed * ${weight(`-(bar_number % ${stretch})`)}
          + coalesce(carried.value, 0) * ${weight(`-(bar_number % ${stretch} + 1)`)}
        END AS average_true_range
      FROM summed LEFT JOIN carried ON carried.stretch = summed.stretch
    )`
}
