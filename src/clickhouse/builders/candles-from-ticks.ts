import { resolveOptions } from '../../options.ts'
import {
  candlesFromTicksRules,
  type CandleFromTicks,
  type CandlesFromTicksOptions,
} from '../../queries/candles-from-ticks.ts'
import { resolveWindow } from '../../queries/window.ts'
import type { Timeframe } from '../../time.ts'
import { coverage } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { barOf, msOf, overBars, widthOf } from '../sql/window-at.ts'

/** Bars of any timeframe, oldest first: `candlesFromTicksQuery` of `pairduck/queries`. */
export function candlesFromTicksQuery(
  options: CandlesFromTicksOptions,
): ClickhouseQuery<CandleFromTicks> {
  const name = 'candlesFromTicksQuery'
  const resolved = resolveOptions(name, options, candlesFromTicksRules)
  const { timeframe, fill } = resolved
  return clickhouseQuery(
    name,
    `WITH traded AS (
      SELECT ${barOf(timeframe)} AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    )${fill === 'previous' ? `, bars AS (${filledSql(timeframe)})` : ''}
    SELECT ${msOf('bar')} AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ${coverage('bar')}
    FROM ${fill === 'previous' ? 'bars' : 'traded'} ORDER BY bar`,
    overBars(resolveWindow(name, resolved), timeframe),
  )
}

/** Flat bars at the close before, from each bar to the next one. */
function filledSql(timeframe: Timeframe): string {
  const width = widthOf(timeframe)
  const prices = ['first_price', 'highest', 'lowest'].map((column) =>
    onlyFirst(column, 'last_price'),
  )
  const sums = ['traded_volume', 'bought', 'sold', 'quoted', 'trades'].map((column) =>
    onlyFirst(column, '0'),
  )
  return `
    SELECT opened + step * ${width} AS bar, ${[...prices, ...sums].join(', ')}, last_price
    FROM (
      SELECT bar AS opened, * EXCEPT (bar), arrayJoin(range(toUInt64(intDiv(leadInFrame(bar, 1, bar + ${width})
        OVER (ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - bar, ${width})))) AS step
      FROM traded
    )`
}

/** What only the first of the flat bars has: the trades themselves. */
function onlyFirst(column: string, other: string): string {
  return `if(step = 0, ${column}, ${other}) AS ${column}`
}
