import { expect, it } from 'vitest'
import { expectRefused } from '../../support/refused-statements.ts'

const written = (count: number): string =>
  `[${Array.from({ length: count }, (_, at) => at / count).join(', ')}]`
const calls = (count: number, call: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => call(at)).join(', ')

/** Of each of these one step goes through all rows again and again. */
const refused: readonly (readonly [string, RegExp])[] = (
  [
    ...[
      'quantile',
      'quantile_cont',
      'quantile_disc',
      'approx_quantile',
      'reservoir_quantile',
    ].flatMap((name): (readonly [string, RegExp])[] => [
      [`${name}(price, ${written(65)})`, /64 at most/],
      [`${name}(price, ${written(65)}::DOUBLE[])`, /64 at most/],
      [`price.${name}(${written(65)})`, /64 at most/],
      [`${name}(price, '[0.1, 0.2]'::DOUBLE[])`, /written out/],
      [`${name}(price, '[0.1, 0.2]')`, /written out/],
      [`${name}(price, ifnull('[0.1, 0.2]'::DOUBLE[], [0.5]))`, /written out/],
      [`${name}(price, list_transform(range(900), lambda x: x / 1000))`, /written out/],
      [`${name}(price, range(0, 1))`, /written out/],
    ]),
    [`percentile_cont(${written(65)}) WITHIN GROUP (ORDER BY price)`, /64 at most/],
    [`percentile_disc('[0.1]'::DOUBLE[]) WITHIN GROUP (ORDER BY price)`, /written out/],
    [`reservoir_quantile(price, 0.5, 1000000000)`, /sample of 8,192/],
    [`price.reservoir_quantile(0.5, 1000000000)`, /sample of 8,192/],
    ...['min(price', 'max(price', 'arg_max(side, price', 'arg_min_null(side, price'].map(
      (call): readonly [string, RegExp] => [`${call}, 8193)`, /number of 8,192 values/],
    ),
    [`max_by(side, price, 9000 + 1)`, /number of 8,192 values/],
    [`price.min_by(volume, 9000)`, /number of 8,192 values/],
    [`system.max(5, 9000)`, /number of 8,192 values/],
    [`approx_top_k(price, 101)`, /number of 100 values/],
    [`list_aggregate([price], 'approx_top_k', 101)`, /none of the functions/],
    [calls(65, (at) => `quantile_cont(price, ${at / 65})`), /64 at most/],
    [calls(65, (at) => `median(price + ${at})`), /64 at most/],
    [calls(65, (at) => `mode(price + ${at})`), /64 at most/],
    [calls(33, (at) => `mad(price + ${at})`), /64 at most/],
    [calls(65, (at) => `sum(DISTINCT price + ${at})`), /64 at most/],
    [calls(65, (at) => `first(side ORDER BY price + ${at}, timestamp)`), /64 at most/],
    [`kurtosis(DISTINCT price) OVER (ORDER BY timestamp)`, /row_number/],
    [`count(DISTINCT price) OVER w`, /row_number/],
    ...['TIES', 'GROUP', 'CURRENT ROW'].map((what): readonly [string, RegExp] => [
      `sum(price) OVER (ORDER BY timestamp ROWS 10 PRECEDING EXCLUDE ${what})`,
      /AND 1 PRECEDING/,
    ]),
    [`mode(price) OVER (ORDER BY timestamp)`, /100 rows/],
    [`approx_quantile(price, 0.5) OVER (ORDER BY timestamp)`, /100 rows/],
    [`lead(price, 1001 IGNORE NULLS) OVER (ORDER BY timestamp)`, /1,000 values far/],
    [`lag(price, volume::BIGINT IGNORE NULLS) OVER (ORDER BY timestamp)`, /1,000 values far/],
    [`nth_value(price, 1001 IGNORE NULLS) OVER (ORDER BY timestamp)`, /1,000 values far/],
  ] as const
).map(([columns, why]) => [`SELECT ${columns} AS n FROM ticks WINDOW w AS ()`, why] as const)

const taken: readonly (readonly [string, unknown])[] = [
  [`quantile_disc(price, ${written(64)})[1]`, 100],
  ['percentile_cont([0.5, 1]) WITHIN GROUP (ORDER BY price)', [101, 102]],
  ['price.quantile_cont(0.5)', 101],
  [`quantile_cont(price, ['0.5'::DOUBLE, 1 - 0.5, 5e-1::FLOAT])`, [101, 101, 101]],
  ['reservoir_quantile(price, 0.5, 8192)', 101],
  ['main.max(price, 8192)', [102, 101, 100]],
  ['arg_min(price, volume, 1)', [100]],
  ['len(approx_top_k(price, 100))', 3],
  ['count(DISTINCT side)', 2],
  ['median(price) OVER ()', 101],
  ['quantile_cont(price, [0, 1]) OVER (ORDER BY timestamp ROWS 1 PRECEDING)', [100, 100]],
  ['mode(price) OVER (ORDER BY timestamp ROWS 100 PRECEDING)', 100],
  ['lead(price, 1000 IGNORE NULLS) OVER (ORDER BY timestamp)', null],
  ['lead(price IGNORE NULLS) OVER (ORDER BY timestamp)', 101],
  ['nth_value(price, 1 IGNORE NULLS) OVER (ORDER BY timestamp)', 100],
  ['lag(price, 5000) OVER (ORDER BY timestamp)', null],
  ['sum(price) OVER (ORDER BY timestamp ROWS BETWEEN 10 PRECEDING AND 1 PRECEDING)', null],
]

it('aggregates that go through all rows in one step again and again are refused', async () => {
  const ask = await expectRefused(refused)
  for (const [column, n] of taken) {
    const { status, told } = await ask(`SELECT ${column} AS n FROM ticks LIMIT 1`)
    expect([column, status, told]).toEqual([column, 200, [{ n }]])
  }
})
