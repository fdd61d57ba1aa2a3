import { resolveOptions } from '../../options.ts'
import { timeframeRule } from '../../queries/bars.ts'
import { resetRules } from '../../queries/reset.ts'
import {
  bandsRule,
  type Vwap,
  type VwapBar,
  type VwapBarsOptions,
  type VwapOptions,
} from '../../queries/vwap.ts'
import { resolveWindow, windowRules } from '../../queries/window.ts'
import { coverage, windowBegin } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { runsAt } from '../sql/runs.ts'
import { barOf, msOf, overTicks, widthOf } from '../sql/window-at.ts'

/** The volume-weighted average price of a window, in one row: `calculateVwapQuery`. */
export function calculateVwapQuery(options: VwapOptions = {}): ClickhouseQuery<Vwap> {
  const name = 'calculateVwapQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, bands: bandsRule })
  return clickhouseQuery(
    name,
    `WITH shifted AS (${shiftedTicks}), sums AS (SELECT ${sums} FROM shifted), ${averageOf('sums')}
    SELECT ${averageFields(resolved.bands)}, ifNull(v, 0) AS volume, ${coverage()}
    FROM average`,
    overTicks(resolveWindow(name, resolved)),
  )
}

/** The same as it stood at the close of each bar, oldest first: `calculateVwapBarsQuery`. */
export function calculateVwapBarsQuery(options: VwapBarsOptions): ClickhouseQuery<VwapBar> {
  const name = 'calculateVwapBarsQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...resetRules,
    timeframe: timeframeRule,
    bands: bandsRule,
  })
  const { timeframe, bands } = resolved
  const runs = runsAt(name, resolved, timeframe, resolveWindow(name, resolved))
  const since = ['v', 'pv', 'ppv'].map((sum) => `sum(bar_${sum}) OVER run AS ${sum}`).join(', ')
  return clickhouseQuery(
    name,
    `WITH shifted AS (${shiftedTicks}), bars AS (
      SELECT ${barOf(timeframe)} AS bar, any(origin) AS first_price, sumKahan(volume) AS bar_v,
        sumKahan((price - origin) * volume) AS bar_pv,
        sumKahan((price - origin) * (price - origin) * volume) AS bar_ppv
      FROM shifted GROUP BY bar
    ), sums AS (
      SELECT bar, first_price AS start, ${runs.begin} AS begun, ${since} FROM bars
      WINDOW run AS (PARTITION BY ifNull(${runs.begin}, 0) ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), ${averageOf('sums')}
    SELECT ${msOf('bar')} AS timestamp, ${averageFields(bands)}, v AS volume,
      ${msOf(`bar + ${widthOf(timeframe)}`)} AS knownAt, ${coverage('begun')}
    FROM average WHERE ifNull(bar >= ${windowBegin}, true) ORDER BY bar`,
    runs.at,
  )
}

/** Prices are summed as distances from one of them: of squares of 60,000 no digit of cents is left. */
const shiftedTicks = `SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks`

const sums = `anyOrNull(origin) AS start, sumKahanOrNull(volume) AS v,
  sumKahanOrNull((price - origin) * volume) AS pv,
  sumKahanOrNull((price - origin) * (price - origin) * volume) AS ppv`

function averageOf(relation: string): string {
  return `average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM ${relation}
    )`
}

function averageFields(bands: readonly number[]): string {
  const shape = 'Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64))'
  const each = bands.map((multiple) => {
    const width = multiple.toExponential()
    return `(${width}, mean + ${width} * sigma, mean - ${width} * sigma)`
  })
  return `mean AS vwap, sigma AS standardDeviation,
    CAST([${each.join(', ')}], 'Array(${shape})') AS bands`
}
