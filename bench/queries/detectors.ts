import {
  calculateTradeSizeBucketsQuery,
  detectFvgQuery,
  detectLargeTradesQuery,
  detectSpeedOfTapeQuery,
  detectUnfinishedAuctionsQuery,
  detectZonesQuery,
} from '../../src/queries/index.ts'
import { plainCoveredFrom, type QueryCase } from './case.ts'

const second = `time_bucket(INTERVAL '1 second', timestamp)`

/** Gaps of `bar (t, high, low)`, each beside every later bar. */
const plainGaps = (width: string): string => `
  numbered AS (
    SELECT *, lag(t) OVER w AS middle, lag(high, 2) OVER w AS first_high, lag(low, 2) OVER w AS first_low
    FROM bar WINDOW w AS (ORDER BY t)
  ), gap AS (
    SELECT t, middle, 1 AS direction, first_high AS bottom, low AS top FROM numbered WHERE first_high < low
    UNION ALL
    SELECT t, middle, -1, high, first_low FROM numbered WHERE first_low > high
  )
  SELECT gap.middle, direction, bottom, top, gap.t + INTERVAL '${width}' AS known_at,
    least(1, greatest(0, max(CASE WHEN direction = 1 THEN top - later.low ELSE later.high - bottom END)
      / (top - bottom))) AS filled,
    min(later.t) FILTER (CASE WHEN direction = 1 THEN later.low <= top ELSE later.high >= bottom END) AS touched,
    min(later.t) FILTER (CASE WHEN direction = 1 THEN later.low <= (top + bottom) / 2
      ELSE later.high >= (top + bottom) / 2 END) AS half,
    min(later.t) FILTER (CASE WHEN direction = 1 THEN later.low <= bottom ELSE later.high >= top END) AS through,
    ${plainCoveredFrom} AS covered_from
  FROM gap LEFT JOIN bar AS later ON later.t > gap.t
  GROUP BY gap.t, gap.middle, direction, bottom, top ORDER BY gap.middle`

/** What looks for something in trades and bars. */
export const detectors: readonly QueryCase[] = [
  {
    name: 'fair value gaps of candles_1m',
    plainSql: `WITH bar AS (SELECT timestamp AS t, high, low FROM candles_1m), ${plainGaps('1 minute')}`,
    query: detectFvgQuery({ timeframe: '1m' }),
  },
  {
    name: 'fair value gaps of 1s from ticks',
    plainSql: `
      WITH bar AS (
        SELECT ${second} AS t, max(price) AS high, min(price) AS low FROM ticks GROUP BY t
      ), ${plainGaps('1 second')}`,
    query: detectFvgQuery({ timeframe: '1s' }),
  },
  {
    name: 'supply and demand zones of 1s from ticks',
    plainSql: `
      WITH bar AS (
        SELECT ${second} AS t, max(price) AS high, min(price) AS low, sum(volume) AS volume,
          arg_min(price, (timestamp, length(trade_id), trade_id)) AS open,
          arg_max(price, (timestamp, length(trade_id), trade_id)) AS close
        FROM ticks GROUP BY t
      ), around AS (
        SELECT *, volume / avg(volume) OVER (ORDER BY t ROWS 19 PRECEDING) AS strength,
          lag(high) OVER w AS h1, lag(high, 2) OVER w AS h2, lead(high) OVER w AS h3, lead(high, 2) OVER w AS h4,
          lag(low) OVER w AS l1, lag(low, 2) OVER w AS l2, lead(low) OVER w AS l3, lead(low, 2) OVER w AS l4,
          lead(t, 2) OVER w AS last_t
        FROM bar WINDOW w AS (ORDER BY t)
      ), zone AS (
        SELECT t, last_t, 'supply' AS type, greatest(open, close) AS bottom, high AS top, strength
        FROM around WHERE strength > 1 AND high > h1 AND high > h2 AND high > h3 AND high > h4
        UNION ALL
        SELECT t, last_t, 'demand', low, least(open, close), strength
        FROM around WHERE strength > 1 AND low < l1 AND low < l2 AND low < l3 AND low < l4
      )
      SELECT zone.t, type, bottom, top, strength, last_t + INTERVAL '1 second' AS known_at,
        min(later.t) FILTER (CASE WHEN type = 'supply' THEN later.high >= bottom ELSE later.low <= top END) AS touched,
        min(later.t) FILTER (CASE WHEN type = 'supply' THEN later.close > top ELSE later.close < bottom END) AS broken,
        ${plainCoveredFrom} AS covered_from
      FROM zone LEFT JOIN bar AS later ON later.t > last_t
      GROUP BY zone.t, last_t, type, bottom, top, strength ORDER BY zone.t, type`,
    query: detectZonesQuery({ timeframe: '1s' }),
  },
  {
    name: 'large trades, the largest hundredth',
    plainSql: `
      SELECT timestamp, price, volume, price * volume AS notional, side, trade_id,
        (SELECT quantile_disc(volume, 0.99) FROM ticks) AS threshold,
        (SELECT max(timestamp) FROM ticks) AS known_at, ${plainCoveredFrom} AS covered_from
      FROM ticks WHERE volume >= (SELECT quantile_disc(volume, 0.99) FROM ticks)
      ORDER BY timestamp, length(trade_id), trade_id`,
    query: detectLargeTradesQuery({ quantile: 0.99 }),
  },
  {
    name: 'trade sizes in four buckets',
    plainSql: `
      SELECT CASE WHEN volume < 0.1 THEN 0 WHEN volume < 0.5 THEN 1 WHEN volume < 0.9 THEN 2 ELSE 3 END AS bucket,
        coalesce(sum(volume) FILTER (side = 'BUY'), 0) AS bought,
        coalesce(sum(volume) FILTER (side = 'SELL'), 0) AS sold,
        count(*) FILTER (side = 'BUY') AS buys, count(*) FILTER (side = 'SELL') AS sells,
        ${plainCoveredFrom} AS covered_from
      FROM ticks GROUP BY bucket ORDER BY bucket`,
    query: calculateTradeSizeBucketsQuery({ bounds: [0.1, 0.5, 0.9] }),
  },
  {
    name: 'speed of tape',
    plainSql: `
      WITH bar AS (
        SELECT ${second} AS t, sum(volume) AS volume,
          sum(CASE WHEN side = 'BUY' THEN volume ELSE -volume END) AS delta
        FROM ticks GROUP BY t
      ), sped AS (
        SELECT t,
          sum(volume) OVER (ORDER BY t RANGE BETWEEN INTERVAL '9 seconds' PRECEDING AND CURRENT ROW) AS speed,
          sum(delta) OVER (ORDER BY t RANGE BETWEEN INTERVAL '9 seconds' PRECEDING AND CURRENT ROW) AS delta
        FROM bar
      ), judged AS (
        SELECT *, 1.5 * avg(abs(speed)) OVER (ORDER BY t ROWS 19 PRECEDING) AS threshold FROM sped
      )
      SELECT *, t + INTERVAL '1 second' AS known_at, abs(speed) > threshold AS signal,
        ${plainCoveredFrom} AS covered_from
      FROM judged ORDER BY t`,
    query: detectSpeedOfTapeQuery(),
  },
  {
    name: 'unfinished auctions of 1s, bins of 0.1',
    plainSql: `
      WITH cell AS (
        SELECT ${second} AS t, floor(price / 0.1)::BIGINT AS bin,
          coalesce(sum(volume) FILTER (side = 'BUY'), 0) AS bought,
          coalesce(sum(volume) FILTER (side = 'SELL'), 0) AS sold
        FROM ticks GROUP BY t, bin
      ), bar AS (SELECT t, min(bin) AS low, max(bin) AS high FROM cell GROUP BY t
      ), level AS (
        SELECT t, 'high' AS type, bin, bought, sold FROM bar JOIN cell USING (t)
        WHERE bin = high AND bought > 0 AND sold > 0.5
        UNION ALL
        SELECT t, 'low', bin, bought, sold FROM bar JOIN cell USING (t)
        WHERE bin = low AND sold > 0 AND bought > 0.5
      )
      SELECT level.t, type, bin * 0.1 AS price, bin * 0.1 + 0.1 AS upper, bought, sold,
        min(later.t) FILTER (CASE WHEN type = 'high' THEN later.high >= bin ELSE later.low <= bin END) AS closed,
        ${plainCoveredFrom} AS covered_from
      FROM level LEFT JOIN bar AS later ON later.t > level.t
      GROUP BY level.t, type, bin, bought, sold ORDER BY level.t, type`,
    query: detectUnfinishedAuctionsQuery({ timeframe: '1s', binSize: 0.1, filter: 0.5 }),
  },
]
