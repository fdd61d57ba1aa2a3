import {
  calculateMarketProfileQuery,
  calculateTpoProfileQuery,
  calculateVolumeNodesQuery,
} from '../../src/queries/index.ts'
import { plainCoveredFrom, type QueryCase } from './case.ts'

const bins = `
  SELECT floor(price / 5)::BIGINT AS bin, sum(volume) AS volume,
    sum(CASE WHEN side = 'BUY' THEN volume ELSE 0 END) AS bought,
    sum(CASE WHEN side = 'SELL' THEN volume ELSE 0 END) AS sold, count(*) AS trades
  FROM ticks GROUP BY bin`

/** What answers by price. */
export const profiles: readonly QueryCase[] = [
  {
    // The value area as its definition says it: a walk, one bin at a time, to the larger neighbour.
    name: 'market profile with value area',
    plainSql: `
      WITH RECURSIVE bin AS MATERIALIZED (${bins}
      ), total AS (SELECT sum(volume) AS volume, min(bin) AS low, max(bin) AS high FROM bin
      ), poc AS (SELECT bin, volume FROM bin ORDER BY volume DESC LIMIT 1
      ), walk AS (
        SELECT bin AS low, bin AS high, volume AS held FROM poc
        UNION ALL
        SELECT CASE WHEN coalesce(d.volume, -1) > coalesce(u.volume, -1) THEN walk.low - 1 ELSE walk.low END,
          CASE WHEN coalesce(d.volume, -1) > coalesce(u.volume, -1) THEN walk.high ELSE walk.high + 1 END,
          walk.held + greatest(coalesce(d.volume, 0), coalesce(u.volume, 0))
        FROM walk CROSS JOIN total
          LEFT JOIN bin AS u ON u.bin = walk.high + 1 LEFT JOIN bin AS d ON d.bin = walk.low - 1
        WHERE walk.held < 0.7 * total.volume AND (walk.low > total.low OR walk.high < total.high)
      )
      SELECT (SELECT bin * 5 FROM poc) AS poc, min(low) * 5 AS val, max(high + 1) * 5 AS vah,
        max(held) AS held, (SELECT volume FROM total) AS total,
        (SELECT list({price: bin * 5, bought: bought, sold: sold, volume: volume, trades: trades}
          ORDER BY bin) FROM bin) AS bins,
        ${plainCoveredFrom} AS covered_from
      FROM walk`,
    query: calculateMarketProfileQuery({ binSize: 5 }),
  },
  {
    // Empty bins are bins: the plain way is to make them.
    name: 'volume nodes',
    plainSql: `
      WITH traded AS MATERIALIZED (${bins}
      ), bin AS (
        SELECT range AS bin, coalesce(volume, 0) AS volume
        FROM range((SELECT min(bin) FROM traded), (SELECT max(bin) FROM traded) + 1)
        LEFT JOIN traded ON traded.bin = range
      ), beside AS (
        SELECT *, lag(volume) OVER (ORDER BY bin) AS below, lead(volume) OVER (ORDER BY bin) AS above
        FROM bin
      )
      SELECT bin * 5 AS price, volume, volume > below AS high, ${plainCoveredFrom} AS covered_from
      FROM beside
      WHERE volume > below AND volume > above OR volume < below AND volume < above
      ORDER BY bin`,
    query: calculateVolumeNodesQuery({ binSize: 5 }),
  },
  {
    // Letters per bin and the count of each; value area and the rest come on top in the builder.
    name: 'TPO of 1m periods',
    plainSql: `
      WITH RECURSIVE period AS (
        SELECT time_bucket(INTERVAL '1 minute', timestamp) AS minute,
          floor(min(price) / 5)::BIGINT AS low, floor(max(price) / 5)::BIGINT AS high
        FROM ticks GROUP BY minute
      ), touched AS (SELECT minute, unnest(range(low, high + 1)) AS bin FROM period
      ), bin AS MATERIALIZED (
        SELECT date_trunc('day', minute) AS day, bin, count(*) AS volume,
          string_agg(chr(65 + (date_part('minute', minute)::INTEGER % 26)), '' ORDER BY minute) AS letters
        FROM touched GROUP BY day, bin
      ), total AS (SELECT day, sum(volume) AS volume, min(bin) AS low, max(bin) AS high FROM bin GROUP BY day
      ), poc AS (SELECT day, arg_max(bin, volume) AS bin, max(volume) AS volume FROM bin GROUP BY day
      ), walk AS (
        SELECT day, bin AS low, bin AS high, volume::HUGEINT AS held FROM poc
        UNION ALL
        SELECT walk.day,
          CASE WHEN coalesce(d.volume, -1) > coalesce(u.volume, -1) THEN walk.low - 1 ELSE walk.low END,
          CASE WHEN coalesce(d.volume, -1) > coalesce(u.volume, -1) THEN walk.high ELSE walk.high + 1 END,
          walk.held + greatest(coalesce(d.volume, 0), coalesce(u.volume, 0))
        FROM walk JOIN total ON total.day = walk.day
          LEFT JOIN bin AS u ON u.day = walk.day AND u.bin = walk.high + 1
          LEFT JOIN bin AS d ON d.day = walk.day AND d.bin = walk.low - 1
        WHERE walk.held < 0.7 * total.volume AND (walk.low > total.low OR walk.high < total.high)
      )
      SELECT walk.day, min(walk.low) * 5 AS val, max(walk.high + 1) * 5 AS vah,
        any_value(poc.bin) * 5 AS poc, any_value(total.volume) AS letters,
        (SELECT list({price: bin * 5, letters: letters} ORDER BY bin) FROM bin
          WHERE bin.day = walk.day) AS bins,
        (SELECT max(price) FROM ticks WHERE timestamp < walk.day + INTERVAL '1 hour') AS balance_high,
        (SELECT min(price) FROM ticks WHERE timestamp < walk.day + INTERVAL '1 hour') AS balance_low,
        ${plainCoveredFrom} AS covered_from
      FROM walk JOIN poc ON poc.day = walk.day JOIN total ON total.day = walk.day GROUP BY walk.day`,
    query: calculateTpoProfileQuery({ binSize: 5, timeframe: '1m' }),
  },
]
