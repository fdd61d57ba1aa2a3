SELECT DISTINCT toString(toDate(extract(_path, 'date=([0-9-]{10})'))) AS day
    FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'One') WHERE true ORDER BY day
-- {"query_params":{},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

SELECT count() AS n, toString(toUnixTimestamp64Micro(min(timestamp))) AS oldest, toString(toUnixTimestamp64Micro(max(timestamp))) AS newest
       FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) IN ('2024-08-07', '2024-08-08')
-- {"query_params":{},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), traded AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    )
    SELECT (bar) / 1000 AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(bar) AND ifNull(bar < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM traded ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), traded AS (
      SELECT intDiv(at, 14400000000) * 14400000000 AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    ), bars AS (
    SELECT opened + step * 14400000000 AS bar, if(step = 0, first_price, last_price) AS first_price, if(step = 0, highest, last_price) AS highest, if(step = 0, lowest, last_price) AS lowest, if(step = 0, traded_volume, 0) AS traded_volume, if(step = 0, bought, 0) AS bought, if(step = 0, sold, 0) AS sold, if(step = 0, quoted, 0) AS quoted, if(step = 0, trades, 0) AS trades, last_price
    FROM (
      SELECT bar AS opened, * EXCEPT (bar), arrayJoin(range(toUInt64(intDiv(leadInFrame(bar, 1, bar + 14400000000)
        OVER (ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - bar, 14400000000)))) AS step
      FROM traded
    ))
    SELECT (bar) / 1000 AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(bar) AND ifNull(bar < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM bars ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), traded AS (
      SELECT intDiv(at, 1000000) * 1000000 AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    ), bars AS (
    SELECT opened + step * 1000000 AS bar, if(step = 0, first_price, last_price) AS first_price, if(step = 0, highest, last_price) AS highest, if(step = 0, lowest, last_price) AS lowest, if(step = 0, traded_volume, 0) AS traded_volume, if(step = 0, bought, 0) AS bought, if(step = 0, sold, 0) AS sold, if(step = 0, quoted, 0) AS quoted, if(step = 0, trades, 0) AS trades, last_price
    FROM (
      SELECT bar AS opened, * EXCEPT (bar), arrayJoin(range(toUInt64(intDiv(leadInFrame(bar, 1, bar + 1000000)
        OVER (ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - bar, 1000000)))) AS step
      FROM traded
    ))
    SELECT (bar) / 1000 AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(bar) AND ifNull(bar < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM bars ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), total AS (SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE true)
    SELECT bought - sold AS cvd, bought AS buyVolume, sold AS sellVolume,
      buys + sells AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM total
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), total AS (SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE volume >= 2e+0::DOUBLE AND volume <= 5e+0::DOUBLE)
    SELECT bought - sold AS cvd, bought AS buyVolume, sold AS sellVolume,
      buys + sells AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM total
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), signed AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE true
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull({begin:Nullable(Int64)}, 0) AS run, {begin:Nullable(Int64)} AS begun,
        sum(delta) OVER (PARTITION BY ifNull({begin:Nullable(Int64)}, 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT (bar) / 1000 AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, (bar + 60000000) / 1000 AS knownAt,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM opened WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), signed AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE volume >= 1e-2::DOUBLE
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull((intDiv(bar - 0, 420000000) * 420000000 + 0), 0) AS run, (intDiv(bar - 0, 420000000) * 420000000 + 0) AS begun,
        sum(delta) OVER (PARTITION BY ifNull((intDiv(bar - 0, 420000000) * 420000000 + 0), 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT (bar) / 1000 AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, (bar + 60000000) / 1000 AS knownAt,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM opened WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), signed AS (
      SELECT intDiv(at, 300000000) * 300000000 AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE true
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull((intDiv(bar - 86220000000, 86400000000) * 86400000000 + 86220000000), 0) AS run, (intDiv(bar - 86220000000, 86400000000) * 86400000000 + 86220000000) AS begun,
        sum(delta) OVER (PARTITION BY ifNull((intDiv(bar - 86220000000, 86400000000) * 86400000000 + 86220000000), 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT (bar) / 1000 AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, (bar + 300000000) / 1000 AS knownAt,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM opened WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), total AS (SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE true)
    SELECT bought / nullIf(sold, 0) AS imbalanceRatio,
      (bought - sold) / nullIf(bought + sold, 0) AS tradeImbalance, bought - sold AS delta,
      bought AS buyVolume, sold AS sellVolume, buys AS buyCount, sells AS sellCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM total
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), shifted AS (SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks), sums AS (SELECT anyOrNull(origin) AS start, sumKahanOrNull(volume) AS v,
  sumKahanOrNull((price - origin) * volume) AS pv,
  sumKahanOrNull((price - origin) * (price - origin) * volume) AS ppv FROM shifted), average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM sums
    )
    SELECT mean AS vwap, sigma AS standardDeviation,
    CAST([(5e-1, mean + 5e-1 * sigma, mean - 5e-1 * sigma), (2e+0, mean + 2e+0 * sigma, mean - 2e+0 * sigma)], 'Array(Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64)))') AS bands, ifNull(v, 0) AS volume, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM average
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), shifted AS (SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks), bars AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar, any(origin) AS first_price, sumKahan(volume) AS bar_v,
        sumKahan((price - origin) * volume) AS bar_pv,
        sumKahan((price - origin) * (price - origin) * volume) AS bar_ppv
      FROM shifted GROUP BY bar
    ), sums AS (
      SELECT bar, first_price AS start, {begin:Nullable(Int64)} AS begun, sum(bar_v) OVER run AS v, sum(bar_pv) OVER run AS pv, sum(bar_ppv) OVER run AS ppv FROM bars
      WINDOW run AS (PARTITION BY ifNull({begin:Nullable(Int64)}, 0) ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM sums
    )
    SELECT (bar) / 1000 AS timestamp, mean AS vwap, sigma AS standardDeviation,
    CAST([(1e+0, mean + 1e+0 * sigma, mean - 1e+0 * sigma), (2e+0, mean + 2e+0 * sigma, mean - 2e+0 * sigma), (3e+0, mean + 3e+0 * sigma, mean - 3e+0 * sigma)], 'Array(Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64)))') AS bands, v AS volume,
      (bar + 60000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM average WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), shifted AS (SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks), bars AS (
      SELECT intDiv(at, 180000000) * 180000000 AS bar, any(origin) AS first_price, sumKahan(volume) AS bar_v,
        sumKahan((price - origin) * volume) AS bar_pv,
        sumKahan((price - origin) * (price - origin) * volume) AS bar_ppv
      FROM shifted GROUP BY bar
    ), sums AS (
      SELECT bar, first_price AS start, (intDiv(bar - 0, 86400000000) * 86400000000 + 0) AS begun, sum(bar_v) OVER run AS v, sum(bar_pv) OVER run AS pv, sum(bar_ppv) OVER run AS ppv FROM bars
      WINDOW run AS (PARTITION BY ifNull((intDiv(bar - 0, 86400000000) * 86400000000 + 0), 0) ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM sums
    )
    SELECT (bar) / 1000 AS timestamp, mean AS vwap, sigma AS standardDeviation,
    CAST([], 'Array(Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64)))') AS bands, v AS volume,
      (bar + 180000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM average WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-09' AND timestamp < fromUnixTimestamp64Micro(toInt64(1723244400000000), 'UTC')), bound AS (SELECT arraySort(groupArray(volume))[toUInt64(greatest(1, count() - floor(count() - count() * 9.9e-1)))] AS threshold, max(at) AS known FROM ticks)
    SELECT (at) / 1000 AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, (if(known = 0, at, known)) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM ticks CROSS JOIN bound
    WHERE volume >= threshold AND true
    ORDER BY at, id_length, id, price, volume, side
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-09' AND timestamp < fromUnixTimestamp64Micro(toInt64(1723244400000000), 'UTC')), bound AS (SELECT arraySort(groupArray((price * volume)))[toUInt64(greatest(1, count() - floor(count() - count() * 5e-1)))] AS threshold, max(at) AS known FROM ticks)
    SELECT (at) / 1000 AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, (if(known = 0, at, known)) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM ticks CROSS JOIN bound
    WHERE (price * volume) >= threshold AND side = 'SELL'
    ORDER BY at, id_length, id, price, volume, side
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-09' AND timestamp < fromUnixTimestamp64Micro(toInt64(1723244400000000), 'UTC')), bound AS (SELECT 3e+0 AS threshold, 0 AS known)
    SELECT (at) / 1000 AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, (if(known = 0, at, known)) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM ticks CROSS JOIN bound
    WHERE volume >= threshold AND side = 'BUY'
    ORDER BY at, id_length, id, price, volume, side
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), cell AS (SELECT floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(abs(bin - poc)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, block_high, block_low) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin + 1) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), cell AS (SELECT floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE) + 0.5::DOUBLE)::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(intDiv(abs(bin - poc) + 1, 2)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, least(poc + 2 * block, highest), greatest(poc - 2 * block, lowest)) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held >= (5e-1 * total) * (1 - 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held >= (5e-1 * total) * (1 - 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held >= (5e-1 * total) * (1 - 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin - 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin + 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), cell AS (SELECT ceil((price) / 2.5e-1::DOUBLE * (1 - 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(intDiv(if(side = 0, 0, nth) + 1, 2)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, block_high, block_low) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin - 1) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true), cell AS (SELECT (CASE WHEN floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE) + 0.5::DOUBLE) % 2 = 0 THEN floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE) + 0.5::DOUBLE) ELSE ceil((price) / 2.5e-1::DOUBLE * (1 - 8.881784197001252e-16::DOUBLE) - 0.5::DOUBLE) END)::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(if(side = 0, 0, nth)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, block_high, block_low) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held > (7e-1 * total) * (1 + 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held > (7e-1 * total) * (1 + 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held > (7e-1 * total) * (1 + 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin - 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin + 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-09' AND timestamp < fromUnixTimestamp64Micro(toInt64(1723244400000000), 'UTC')), cell AS (SELECT intDiv(at, 60000000) * 60000000 AS bar, floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL),
    beside AS (
      SELECT *, lagInFrame(toNullable(bin), 1, NULL) OVER bins AS below,
        lagInFrame(sold, 1, 0) OVER bins AS sold_below,
        leadInFrame(toNullable(bin), 1, NULL) OVER bins AS above,
        leadInFrame(bought, 1, 0) OVER bins AS bought_above,
        leadInFrame(buys, 1, 0) OVER bins AS buys_above
      FROM cell WINDOW bins AS (PARTITION BY bar ORDER BY bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), imbalance AS (
      SELECT bar, bin, arrayJoin([
    ('BUY', toFloat64(bought), toFloat64(if(below = bin - 1, sold_below, 0)), isNotNull(below) AND bought >= (0e+0) * (1 - 1e-12::DOUBLE)),
    ('SELL', toFloat64(sold), toFloat64(if(above = bin + 1, bought_above, 0)), isNotNull(above) AND sold >= (0e+0) * (1 - 1e-12::DOUBLE))]) AS found,
        found.1 AS taker, found.2 AS mine, found.3 AS others
      FROM beside WHERE found.4 AND mine > (1.5e+0 * others) * (1 + 1e-12::DOUBLE)
        
    )
    SELECT (bar) / 1000 AS timestamp, taker AS side, ((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS price,
      mine AS dominant, others AS opposite, mine / nullIf(others, 0) AS ratio,
      (bar + 60000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM imbalance ORDER BY bar, bin, taker
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-09' AND timestamp < fromUnixTimestamp64Micro(toInt64(1723244400000000), 'UTC')), cell AS (SELECT intDiv(at, 900000000) * 900000000 AS bar, floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL),
    beside AS (
      SELECT *, lagInFrame(toNullable(bin), 1, NULL) OVER bins AS below,
        lagInFrame(sold, 1, 0) OVER bins AS sold_below,
        leadInFrame(toNullable(bin), 1, NULL) OVER bins AS above,
        leadInFrame(bought, 1, 0) OVER bins AS bought_above,
        leadInFrame(buys, 1, 0) OVER bins AS buys_above
      FROM cell WINDOW bins AS (PARTITION BY bar ORDER BY bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), imbalance AS (
      SELECT bar, bin, arrayJoin([
    ('BUY', toFloat64(buys_above), toFloat64(sells), isNotNull(above) AND bought + sold >= (2e+0) * (1 - 1e-12::DOUBLE)),
    ('SELL', toFloat64(sells), toFloat64(buys_above), isNotNull(above) AND bought + sold >= (2e+0) * (1 - 1e-12::DOUBLE))]) AS found,
        found.1 AS taker, found.2 AS mine, found.3 AS others
      FROM beside WHERE found.4 AND mine > (3e+0 * others) * (1 + 1e-12::DOUBLE)
        AND others > 0
    )
    SELECT (bar) / 1000 AS timestamp, taker AS side, ((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS price,
      mine AS dominant, others AS opposite, mine / nullIf(others, 0) AS ratio,
      (bar + 900000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM imbalance ORDER BY bar, bin, taker
-- {"query_params":{"begin":null,"covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), traded AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    )
    SELECT (bar) / 1000 AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(bar) AND ifNull(bar < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM traded ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-09' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723161600000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723147200000000), 'UTC')), traded AS (
      SELECT intDiv(at, 14400000000) * 14400000000 AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    ), bars AS (
    SELECT opened + step * 14400000000 AS bar, if(step = 0, first_price, last_price) AS first_price, if(step = 0, highest, last_price) AS highest, if(step = 0, lowest, last_price) AS lowest, if(step = 0, traded_volume, 0) AS traded_volume, if(step = 0, bought, 0) AS bought, if(step = 0, sold, 0) AS sold, if(step = 0, quoted, 0) AS quoted, if(step = 0, trades, 0) AS trades, last_price
    FROM (
      SELECT bar AS opened, * EXCEPT (bar), arrayJoin(range(toUInt64(intDiv(leadInFrame(bar, 1, bar + 14400000000)
        OVER (ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - bar, 14400000000)))) AS step
      FROM traded
    ))
    SELECT (bar) / 1000 AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(bar) AND ifNull(bar < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM bars ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158001000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), traded AS (
      SELECT intDiv(at, 1000000) * 1000000 AS bar,
        argMin(price, (at, id_length, id, price)) AS first_price, max(price) AS highest,
        min(price) AS lowest, argMax(price, (at, id_length, id, price)) AS last_price,
        sumKahan(volume) AS traded_volume, sumKahanIf(volume, side = 'BUY') AS bought,
        sumKahanIf(volume, side = 'SELL') AS sold, sumKahan(price * volume) AS quoted,
        count() AS trades
      FROM ticks GROUP BY bar
    ), bars AS (
    SELECT opened + step * 1000000 AS bar, if(step = 0, first_price, last_price) AS first_price, if(step = 0, highest, last_price) AS highest, if(step = 0, lowest, last_price) AS lowest, if(step = 0, traded_volume, 0) AS traded_volume, if(step = 0, bought, 0) AS bought, if(step = 0, sold, 0) AS sold, if(step = 0, quoted, 0) AS quoted, if(step = 0, trades, 0) AS trades, last_price
    FROM (
      SELECT bar AS opened, * EXCEPT (bar), arrayJoin(range(toUInt64(intDiv(leadInFrame(bar, 1, bar + 1000000)
        OVER (ORDER BY bar ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - bar, 1000000)))) AS step
      FROM traded
    ))
    SELECT (bar) / 1000 AS timestamp, first_price AS open, highest AS high, lowest AS low,
      last_price AS close, traded_volume AS volume, bought AS buyVolume, sold AS sellVolume,
      quoted AS quoteVolume, trades AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(bar) AND ifNull(bar < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM bars ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), total AS (SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE true)
    SELECT bought - sold AS cvd, bought AS buyVolume, sold AS sellVolume,
      buys + sells AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM total
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), total AS (SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE volume >= 2e+0::DOUBLE AND volume <= 5e+0::DOUBLE)
    SELECT bought - sold AS cvd, bought AS buyVolume, sold AS sellVolume,
      buys + sells AS tradeCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM total
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), signed AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE true
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull({begin:Nullable(Int64)}, 0) AS run, {begin:Nullable(Int64)} AS begun,
        sum(delta) OVER (PARTITION BY ifNull({begin:Nullable(Int64)}, 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT (bar) / 1000 AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, (bar + 60000000) / 1000 AS knownAt,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM opened WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723157940000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), signed AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE volume >= 1e-2::DOUBLE
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull((intDiv(bar - 0, 420000000) * 420000000 + 0), 0) AS run, (intDiv(bar - 0, 420000000) * 420000000 + 0) AS begun,
        sum(delta) OVER (PARTITION BY ifNull((intDiv(bar - 0, 420000000) * 420000000 + 0), 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT (bar) / 1000 AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, (bar + 60000000) / 1000 AS knownAt,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM opened WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-07' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723075020000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158000000000), 'UTC')), signed AS (
      SELECT intDiv(at, 300000000) * 300000000 AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE true
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull((intDiv(bar - 86220000000, 86400000000) * 86400000000 + 86220000000), 0) AS run, (intDiv(bar - 86220000000, 86400000000) * 86400000000 + 86220000000) AS begun,
        sum(delta) OVER (PARTITION BY ifNull((intDiv(bar - 86220000000, 86400000000) * 86400000000 + 86220000000), 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT (bar) / 1000 AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, (bar + 300000000) / 1000 AS knownAt,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM opened WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), total AS (SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE true)
    SELECT bought / nullIf(sold, 0) AS imbalanceRatio,
      (bought - sold) / nullIf(bought + sold, 0) AS tradeImbalance, bought - sold AS delta,
      bought AS buyVolume, sold AS sellVolume, buys AS buyCount, sells AS sellCount, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM total
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), shifted AS (SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks), sums AS (SELECT anyOrNull(origin) AS start, sumKahanOrNull(volume) AS v,
  sumKahanOrNull((price - origin) * volume) AS pv,
  sumKahanOrNull((price - origin) * (price - origin) * volume) AS ppv FROM shifted), average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM sums
    )
    SELECT mean AS vwap, sigma AS standardDeviation,
    CAST([(5e-1, mean + 5e-1 * sigma, mean - 5e-1 * sigma), (2e+0, mean + 2e+0 * sigma, mean - 2e+0 * sigma)], 'Array(Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64)))') AS bands, ifNull(v, 0) AS volume, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM average
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), shifted AS (SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks), bars AS (
      SELECT intDiv(at, 60000000) * 60000000 AS bar, any(origin) AS first_price, sumKahan(volume) AS bar_v,
        sumKahan((price - origin) * volume) AS bar_pv,
        sumKahan((price - origin) * (price - origin) * volume) AS bar_ppv
      FROM shifted GROUP BY bar
    ), sums AS (
      SELECT bar, first_price AS start, {begin:Nullable(Int64)} AS begun, sum(bar_v) OVER run AS v, sum(bar_pv) OVER run AS pv, sum(bar_ppv) OVER run AS ppv FROM bars
      WINDOW run AS (PARTITION BY ifNull({begin:Nullable(Int64)}, 0) ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM sums
    )
    SELECT (bar) / 1000 AS timestamp, mean AS vwap, sigma AS standardDeviation,
    CAST([(1e+0, mean + 1e+0 * sigma, mean - 1e+0 * sigma), (2e+0, mean + 2e+0 * sigma, mean - 2e+0 * sigma), (3e+0, mean + 3e+0 * sigma, mean - 3e+0 * sigma)], 'Array(Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64)))') AS bands, v AS volume,
      (bar + 60000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM average WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723075200000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158000000000), 'UTC')), shifted AS (SELECT at, price, volume, (SELECT price FROM ticks LIMIT 1) AS origin FROM ticks), bars AS (
      SELECT intDiv(at, 180000000) * 180000000 AS bar, any(origin) AS first_price, sumKahan(volume) AS bar_v,
        sumKahan((price - origin) * volume) AS bar_pv,
        sumKahan((price - origin) * (price - origin) * volume) AS bar_ppv
      FROM shifted GROUP BY bar
    ), sums AS (
      SELECT bar, first_price AS start, (intDiv(bar - 0, 86400000000) * 86400000000 + 0) AS begun, sum(bar_v) OVER run AS v, sum(bar_pv) OVER run AS pv, sum(bar_ppv) OVER run AS ppv FROM bars
      WINDOW run AS (PARTITION BY ifNull((intDiv(bar - 0, 86400000000) * 86400000000 + 0), 0) ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), average AS (
      SELECT *, start + pv / v AS mean,
        sqrt(greatest(ppv / v - (pv / v) * (pv / v), 0)) AS sigma
      FROM sums
    )
    SELECT (bar) / 1000 AS timestamp, mean AS vwap, sigma AS standardDeviation,
    CAST([], 'Array(Tuple(multiple Float64, upper Nullable(Float64), lower Nullable(Float64)))') AS bands, v AS volume,
      (bar + 180000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull(begun) AND ifNull(begun < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM average WHERE ifNull(bar >= {begin:Nullable(Int64)}, true) ORDER BY bar
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), bound AS (SELECT arraySort(groupArray(volume))[toUInt64(greatest(1, count() - floor(count() - count() * 9.9e-1)))] AS threshold, max(at) AS known FROM ticks)
    SELECT (at) / 1000 AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, (if(known = 0, at, known)) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM ticks CROSS JOIN bound
    WHERE volume >= threshold AND true
    ORDER BY at, id_length, id, price, volume, side
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), bound AS (SELECT arraySort(groupArray((price * volume)))[toUInt64(greatest(1, count() - floor(count() - count() * 5e-1)))] AS threshold, max(at) AS known FROM ticks)
    SELECT (at) / 1000 AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, (if(known = 0, at, known)) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM ticks CROSS JOIN bound
    WHERE (price * volume) >= threshold AND side = 'SELL'
    ORDER BY at, id_length, id, price, volume, side
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), bound AS (SELECT 3e+0 AS threshold, 0 AS known)
    SELECT (at) / 1000 AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, (if(known = 0, at, known)) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM ticks CROSS JOIN bound
    WHERE volume >= threshold AND side = 'BUY'
    ORDER BY at, id_length, id, price, volume, side
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), cell AS (SELECT floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(abs(bin - poc)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, block_high, block_low) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin + 1) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), cell AS (SELECT floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE) + 0.5::DOUBLE)::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(intDiv(abs(bin - poc) + 1, 2)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, least(poc + 2 * block, highest), greatest(poc - 2 * block, lowest)) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held >= (5e-1 * total) * (1 - 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held >= (5e-1 * total) * (1 - 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held >= (5e-1 * total) * (1 - 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin - 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin + 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), cell AS (SELECT ceil((price) / 2.5e-1::DOUBLE * (1 - 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(intDiv(if(side = 0, 0, nth) + 1, 2)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, block_high, block_low) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held >= (7e-1 * total) * (1 - 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin - 1) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158000000500), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), cell AS (SELECT (CASE WHEN floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE) + 0.5::DOUBLE) % 2 = 0 THEN floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE) + 0.5::DOUBLE) ELSE ceil((price) / 2.5e-1::DOUBLE * (1 - 8.881784197001252e-16::DOUBLE) - 0.5::DOUBLE) END)::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL), 
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ifNull(if(isFinite(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))), round(weight * exp10(13 - ceil(log10(nullIf(weight, 0))))) / exp10(13 - ceil(log10(nullIf(weight, 0)))), weight), 0) DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(if(side = 0, 0, nth)) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(ifNull(if(isFinite(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))), round(block_weight * exp10(13 - ceil(log10(nullIf(block_weight, 0))))) / exp10(13 - ceil(log10(nullIf(block_weight, 0)))), block_weight), 0)) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, if(side > 0, block_high, block_low) AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (held > (7e-1 * total) * (1 + 1e-12::DOUBLE))) AS low_bin, maxOrNullIf(edge, NOT (held > (7e-1 * total) * (1 + 1e-12::DOUBLE))) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (held > (7e-1 * total) * (1 + 1e-12::DOUBLE))) AS area_weight
      FROM grown
    )
    SELECT ((poc_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS poc, ((low_bin - 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLow,
      ((high_bin + 0.5::DOUBLE) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHigh, ((low_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaLowBin,
      ((high_bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      2.5e-1 AS binSize,
      (SELECT groupArray(CAST((((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE), bought, sold, bought + sold, buys + sells), 'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM area
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158060000000), 'UTC')), cell AS (SELECT intDiv(at, 60000000) * 60000000 AS bar, floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL),
    beside AS (
      SELECT *, lagInFrame(toNullable(bin), 1, NULL) OVER bins AS below,
        lagInFrame(sold, 1, 0) OVER bins AS sold_below,
        leadInFrame(toNullable(bin), 1, NULL) OVER bins AS above,
        leadInFrame(bought, 1, 0) OVER bins AS bought_above,
        leadInFrame(buys, 1, 0) OVER bins AS buys_above
      FROM cell WINDOW bins AS (PARTITION BY bar ORDER BY bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), imbalance AS (
      SELECT bar, bin, arrayJoin([
    ('BUY', toFloat64(bought), toFloat64(if(below = bin - 1, sold_below, 0)), isNotNull(below) AND bought >= (0e+0) * (1 - 1e-12::DOUBLE)),
    ('SELL', toFloat64(sold), toFloat64(if(above = bin + 1, bought_above, 0)), isNotNull(above) AND sold >= (0e+0) * (1 - 1e-12::DOUBLE))]) AS found,
        found.1 AS taker, found.2 AS mine, found.3 AS others
      FROM beside WHERE found.4 AND mine > (1.5e+0 * others) * (1 + 1e-12::DOUBLE)
        
    )
    SELECT (bar) / 1000 AS timestamp, taker AS side, ((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS price,
      mine AS dominant, others AS opposite, mine / nullIf(others, 0) AS ratio,
      (bar + 60000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM imbalance ORDER BY bar, bin, taker
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

WITH ticks AS (SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08' AND timestamp >= fromUnixTimestamp64Micro(toInt64(1723158900000000), 'UTC') AND timestamp < fromUnixTimestamp64Micro(toInt64(1723158000000000), 'UTC')), cell AS (SELECT intDiv(at, 900000000) * 900000000 AS bar, floor((price) / 2.5e-1::DOUBLE * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT AS bin, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL),
    beside AS (
      SELECT *, lagInFrame(toNullable(bin), 1, NULL) OVER bins AS below,
        lagInFrame(sold, 1, 0) OVER bins AS sold_below,
        leadInFrame(toNullable(bin), 1, NULL) OVER bins AS above,
        leadInFrame(bought, 1, 0) OVER bins AS bought_above,
        leadInFrame(buys, 1, 0) OVER bins AS buys_above
      FROM cell WINDOW bins AS (PARTITION BY bar ORDER BY bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), imbalance AS (
      SELECT bar, bin, arrayJoin([
    ('BUY', toFloat64(buys_above), toFloat64(sells), isNotNull(above) AND bought + sold >= (2e+0) * (1 - 1e-12::DOUBLE)),
    ('SELL', toFloat64(sells), toFloat64(buys_above), isNotNull(above) AND bought + sold >= (2e+0) * (1 - 1e-12::DOUBLE))]) AS found,
        found.1 AS taker, found.2 AS mine, found.3 AS others
      FROM beside WHERE found.4 AND mine > (3e+0 * others) * (1 + 1e-12::DOUBLE)
        AND others > 0
    )
    SELECT (bar) / 1000 AS timestamp, taker AS side, ((bin) * 2.5e+1::DOUBLE / 1e+2::DOUBLE) AS price,
      mine AS dominant, others AS opposite, mine / nullIf(others, 0) AS ratio,
      (bar + 900000000) / 1000 AS knownAt, ({covered:Nullable(Int64)}) / 1000 AS coveredFrom,
    (isNotNull({begin:Nullable(Int64)}) AND ifNull({begin:Nullable(Int64)} < {covered:Nullable(Int64)}, true))::Bool AS truncated
    FROM imbalance ORDER BY bar, bin, taker
-- {"query_params":{"begin":"1723158000000500","covered":"1723158000000000"},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

CREATE TABLE IF NOT EXISTS default.archived_ticks (
  exchange LowCardinality(String),
  market LowCardinality(String),
  symbol LowCardinality(String),
  timestamp DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
  price Float64 CODEC(ZSTD),
  volume Float64 CODEC(ZSTD),
  side LowCardinality(String),
  trade_id Nullable(String) CODEC(ZSTD),
  id String CODEC(ZSTD),
  nth UInt32
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, market, symbol, timestamp, id, price, volume, side, nth)
-- {}

CREATE OR REPLACE VIEW pairduck_ticks AS
    SELECT extract(_path, 'exchange=([^/]+)') AS exchange, extract(_path, 'market=([^/]+)') AS market,
      decodeURLComponent(extract(_path, 'symbol=([^/]+)')) AS symbol,
      toDate(CAST(extract(_path, 'date=([0-9-]{10})'), 'String')) AS date, timestamp, price, volume, side, trade_id
    FROM file('/archive/ticks/exchange=*/market=*/symbol=*/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE true
-- {}

INSERT INTO default.archived_ticks
    SELECT 'x', 'spot', 'BTC/USDT',
      timestamp, price, volume, side, trade_id, ifNull(trade_id, ''),
      if(isNull(trade_id), row_number() OVER (PARTITION BY timestamp, trade_id, price, volume, side), 0)
    FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-07' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-07'
-- {}

INSERT INTO default.archived_ticks
    SELECT 'x', 'spot', 'BTC/USDT',
      timestamp, price, volume, side, trade_id, ifNull(trade_id, ''),
      if(isNull(trade_id), row_number() OVER (PARTITION BY timestamp, trade_id, price, volume, side), 0)
    FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-08'
-- {}

SELECT DISTINCT toString(toDate(extract(_path, 'date=([0-9-]{10})'))) AS day
    FROM file('/archive/ticks/exchange=x/market=spot/symbol=BTC%2FUSDT/date=*/*.parquet', 'One') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) >= '2024-08-08' AND toDate(extract(_path, 'date=([0-9-]{10})')) <= '2024-08-09' ORDER BY day
-- {"query_params":{},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

SELECT count() AS n, toString(toUnixTimestamp64Micro(min(timestamp))) AS oldest, toString(toUnixTimestamp64Micro(max(timestamp))) AS newest
       FROM default.archived_ticks FINAL WHERE exchange = 'x' AND market = 'spot' AND symbol = 'BTC/USDT'
-- {"query_params":{},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

SELECT DISTINCT toString(toDate(extract(_path, 'date=([0-9-]{10})'))) AS day
    FROM s3('http://127.0.0.1:9000/market/a/b/ticks/exchange=x/market=spot/symbol=BTC%252FUSDT/date=*/*.parquet', 'user', 'secret', 'One') WHERE true ORDER BY day
-- {"query_params":{},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}

SELECT count() AS n, toString(toUnixTimestamp64Micro(min(timestamp))) AS oldest, toString(toUnixTimestamp64Micro(max(timestamp))) AS newest
       FROM s3('http://127.0.0.1:9000/market/a/b/ticks/exchange=x/market=spot/symbol=BTC%252FUSDT/date=*/*.parquet', 'user', 'secret', 'Parquet', 'timestamp DateTime64(6, \'UTC\'), price Float64, volume Float64, side String, trade_id Nullable(String)') WHERE toDate(extract(_path, 'date=([0-9-]{10})')) IN ('2024-08-07', '2024-08-08')
-- {"query_params":{},"format":"JSONEachRow","clickhouse_settings":{"output_format_json_quote_64bit_integers":0,"output_format_json_named_tuples_as_objects":1,"output_format_json_quote_denormals":1}}
