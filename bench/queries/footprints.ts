import {
  calculateDiagonalImbalanceQuery,
  calculateFootprintQuery,
  calculateNakedPocQuery,
  calculateStackedImbalanceQuery,
} from '../../src/queries/index.ts'
import { plainCoveredFrom, type QueryCase } from './case.ts'

const minute = `time_bucket(INTERVAL '1 minute', timestamp)`
const grid = { timeframe: '1m', binSize: 5 } as const

const cell = `
  SELECT ${minute} AS minute, floor(price / 5)::BIGINT AS bin,
    sum(CASE WHEN side = 'BUY' THEN volume ELSE 0 END) AS bought,
    sum(CASE WHEN side = 'SELL' THEN volume ELSE 0 END) AS sold,
    count(CASE WHEN side = 'BUY' THEN 1 END) AS buys,
    count(CASE WHEN side = 'SELL' THEN 1 END) AS sells
  FROM ticks GROUP BY minute, bin`

const diagonal = `
  beside AS (
    SELECT *,
      lag(bin) OVER (PARTITION BY minute ORDER BY bin) AS bin_below,
      lag(sold) OVER (PARTITION BY minute ORDER BY bin) AS sold_below,
      lead(bin) OVER (PARTITION BY minute ORDER BY bin) AS bin_above,
      lead(bought) OVER (PARTITION BY minute ORDER BY bin) AS bought_above
    FROM (${cell})
  ), imbalance AS (
    SELECT minute, bin, 'BUY' AS side, bought AS dominant,
      CASE WHEN bin_below = bin - 1 THEN sold_below ELSE 0 END AS opposite
    FROM beside WHERE bin_below IS NOT NULL
      AND bought > 3 * CASE WHEN bin_below = bin - 1 THEN sold_below ELSE 0 END
    UNION ALL
    SELECT minute, bin, 'SELL', sold, CASE WHEN bin_above = bin + 1 THEN bought_above ELSE 0 END
    FROM beside WHERE bin_above IS NOT NULL
      AND sold > 3 * CASE WHEN bin_above = bin + 1 THEN bought_above ELSE 0 END
  )`

/** What answers by bar and price. */
export const footprints: readonly QueryCase[] = [
  {
    name: 'footprint of 1m',
    plainSql: `
      WITH cell AS MATERIALIZED (${cell}
      ), running AS (
        SELECT ${minute} AS minute, sum(CASE WHEN side = 'BUY' THEN volume ELSE -volume END)
          OVER (PARTITION BY ${minute} ORDER BY timestamp, length(trade_id), trade_id
            ROWS UNBOUNDED PRECEDING) AS delta
        FROM ticks
      ), swing AS (
        SELECT minute, max(delta) AS max_delta, min(delta) AS min_delta FROM running GROUP BY minute
      )
      SELECT minute, arg_max(bin, bought + sold) * 5 AS poc, sum(bought), sum(sold),
        any_value(max_delta), any_value(min_delta),
        list({price: bin * 5, bought: bought, sold: sold, buys: buys, sells: sells,
          delta: bought - sold, volume: bought + sold} ORDER BY bin) AS bins,
        ${plainCoveredFrom} AS covered_from
      FROM cell JOIN swing USING (minute) GROUP BY minute ORDER BY minute`,
    query: calculateFootprintQuery(grid),
  },
  {
    name: 'diagonal imbalance of 1m',
    plainSql: `WITH ${diagonal} SELECT *, dominant / nullif(opposite, 0) FROM imbalance ORDER BY minute, bin`,
    query: calculateDiagonalImbalanceQuery(grid),
  },
  {
    name: 'stacked imbalance of 1m',
    plainSql: `
      WITH ${diagonal}, run AS (
        SELECT *, bin - row_number() OVER (PARTITION BY minute, side ORDER BY bin) AS run FROM imbalance
      )
      SELECT minute, side, min(bin) * 5 AS low, (max(bin) + 1) * 5 AS high, count(*), sum(dominant)
      FROM run GROUP BY minute, side, run HAVING count(*) >= 3 ORDER BY minute, low`,
    query: calculateStackedImbalanceQuery(grid),
  },
  {
    name: 'naked POC of 1m',
    plainSql: `
      WITH cell AS MATERIALIZED (${cell}
      ), bar AS (
        SELECT minute, min(bin) AS low, max(bin) AS high, arg_max(bin, bought + sold) AS poc,
          max(bought + sold) AS volume
        FROM cell GROUP BY minute
      )
      SELECT minute, poc * 5, volume FROM bar
      WHERE NOT EXISTS (FROM bar AS later
        WHERE later.minute > bar.minute AND bar.poc BETWEEN later.low AND later.high)
      ORDER BY minute`,
    query: calculateNakedPocQuery(grid),
  },
]
