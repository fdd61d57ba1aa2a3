import {
  calculateCvdBarsQuery,
  calculateVwapBarsQuery,
  candlesFromTicksQuery,
} from '../../src/queries/index.ts'
import { plainCoveredFrom, type QueryCase } from './case.ts'

const minute = `time_bucket(INTERVAL '1 minute', timestamp)`

/** What answers with one row per bar. */
export const bars: readonly QueryCase[] = [
  {
    name: 'candles of 1m from ticks',
    plainSql: `
      SELECT ${minute} AS minute,
        arg_min(price, (timestamp, length(trade_id), trade_id)) AS open,
        max(price) AS high, min(price) AS low,
        arg_max(price, (timestamp, length(trade_id), trade_id)) AS close,
        sum(volume) AS volume, sum(CASE WHEN side = 'BUY' THEN volume ELSE 0 END) AS buy_volume,
        sum(CASE WHEN side = 'SELL' THEN volume ELSE 0 END) AS sell_volume,
        sum(price * volume) AS quote_volume, count(*) AS trade_count,
        ${plainCoveredFrom} AS covered_from
      FROM ticks GROUP BY minute ORDER BY minute`,
    query: candlesFromTicksQuery({ timeframe: '1m' }),
  },
  {
    name: 'CVD bars of 1m',
    plainSql: `
      WITH running AS (
        SELECT ${minute} AS minute, CASE WHEN side = 'BUY' THEN volume ELSE -volume END AS signed,
          sum(CASE WHEN side = 'BUY' THEN volume ELSE -volume END)
            OVER (ORDER BY timestamp, length(trade_id), trade_id ROWS UNBOUNDED PRECEDING) AS cvd
        FROM ticks
      ), bar AS (
        SELECT minute, max(cvd) AS high, min(cvd) AS low, sum(signed) AS delta, count(*) AS trade_count,
          sum(CASE WHEN signed > 0 THEN signed ELSE 0 END) AS buy_volume,
          sum(CASE WHEN signed < 0 THEN -signed ELSE 0 END) AS sell_volume
        FROM running GROUP BY minute
      )
      SELECT *, sum(delta) OVER (ORDER BY minute) AS close,
        sum(delta) OVER (ORDER BY minute) - delta AS open, ${plainCoveredFrom} AS covered_from
      FROM bar ORDER BY minute`,
    query: calculateCvdBarsQuery({ timeframe: '1m' }),
  },
  {
    name: 'VWAP of 1m, running',
    plainSql: `
      WITH bar AS (
        SELECT ${minute} AS minute, sum(volume) AS v, sum(price * volume) AS pv,
          sum(price * price * volume) AS ppv
        FROM ticks GROUP BY minute
      ), running AS (
        SELECT minute, sum(v) OVER (ORDER BY minute) AS v, sum(pv) OVER (ORDER BY minute) AS pv,
          sum(ppv) OVER (ORDER BY minute) AS ppv
        FROM bar
      ), average AS (
        SELECT minute, v, pv / v AS vwap, sqrt(greatest(ppv / v - (pv / v) ** 2, 0)) AS sigma
        FROM running
      )
      SELECT *, vwap + sigma, vwap - sigma, vwap + 2 * sigma, vwap - 2 * sigma, vwap + 3 * sigma,
        vwap - 3 * sigma, ${plainCoveredFrom} AS covered_from
      FROM average ORDER BY minute`,
    query: calculateVwapBarsQuery({ timeframe: '1m' }),
  },
]
