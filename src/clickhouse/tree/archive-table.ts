import type { Pair } from '../../pair.ts'
import { tableRule, text, treeTicks, type TreeSource } from './archive-tree.ts'

/** A table for archived ticks. */
export interface TableOptions {
  /** `database.table`. */
  readonly table: string
  /** Its engine is `ReplicatedReplacingMergeTree`. Default false: `ReplacingMergeTree`. */
  readonly replicated?: boolean | undefined
  /** Makes it on every machine of a cluster of the server's. */
  readonly cluster?: string | undefined
}

/**
 * A row replaces its like: of a trade with an id that of the same time, of others the `nth` of the
 * same time, price, volume and side within their day.
 */
export function createTableSql({ table, replicated = false, cluster }: TableOptions): string {
  return `CREATE TABLE IF NOT EXISTS ${checked(table)}${cluster === undefined ? '' : ` ON CLUSTER ${text(cluster)}`} (
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
) ENGINE = ${replicated ? 'ReplicatedReplacingMergeTree' : 'ReplacingMergeTree'}
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, market, symbol, timestamp, id, price, volume, side, nth)`
}

/** One day of a pair out of the tree, into a table. */
export function loadDaySql(
  source: TreeSource,
  { table, pair, day }: { readonly table: string; readonly pair: Pair; readonly day: string },
): string {
  return `INSERT INTO ${checked(table)}
    SELECT ${text(pair.exchange)}, ${text(pair.market)}, ${text(pair.symbol)},
      timestamp, price, volume, side, trade_id, ifNull(trade_id, ''),
      if(isNull(trade_id), row_number() OVER (PARTITION BY timestamp, trade_id, price, volume, side), 0)
    FROM ${treeTicks(source, { pair, from: day, to: day })}`
}

/** The view over a whole tree. */
export function createViewSql(source: TreeSource, database?: string): string {
  const name = checked(database === undefined ? 'pairduck_ticks' : `${database}.pairduck_ticks`)
  return `CREATE OR REPLACE VIEW ${name} AS
    SELECT extract(_path, 'exchange=([^/]+)') AS exchange, extract(_path, 'market=([^/]+)') AS market,
      decodeURLComponent(extract(_path, 'symbol=([^/]+)')) AS symbol,
      toDate(CAST(extract(_path, 'date=([0-9-]{10})'), 'String')) AS date, timestamp, price, volume, side, trade_id
    FROM ${treeTicks(source, {})}`
}

function checked(table: string): string {
  if (tableRule.test(table)) return table
  throw new TypeError(
    `expected a table as \`database.table\`, in letters, digits and _, got ${JSON.stringify(table)}`,
  )
}
