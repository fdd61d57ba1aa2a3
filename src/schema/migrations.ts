import { version1 } from './version-1.ts'

/**
 * What brings a file from schema version n to n + 1, at index n; a new file takes all of them.
 * Append only: these are literal texts that never change again, whatever becomes of the tables,
 * because files out there were made by them. Each runs in one transaction that also sets the
 * version. tests/golden/schema shows what a file of each version holds; a new version adds its
 * own there. The candle views are not made here: they are made anew at the end of every upgrade.
 */
export const migrations: readonly (readonly string[])[] = [
  version1,
  // 2: the retention that a pair was given, and the holes in its recorded trades.
  [
    `CREATE TABLE retention_rules (
  relation VARCHAR,
  keep_ms DOUBLE,
  every_ms DOUBLE,
  max_rows BIGINT,
  action ENUM('delete', 'archive'))`,
    `CREATE TABLE gaps (
  from_time TIMESTAMP,
  to_time TIMESTAMP,
  from_id VARCHAR,
  to_id VARCHAR,
  state ENUM('open', 'filled', 'unfillable', 'unproved'),
  reason VARCHAR,
  tries BIGINT,
  opened_at TIMESTAMP,
  closed_at TIMESTAMP)`,
  ],
  // 3: which of an exchange's ids a pair's trades carry.
  [
    `CREATE TABLE pairduck_recording (
  id_space VARCHAR,
  since TIMESTAMP)`,
  ],
  // 4: whether a stored row was computed over a hole.
  [
    'ALTER TABLE order_flow ADD COLUMN complete BOOLEAN',
    'ALTER TABLE market_profile ADD COLUMN complete BOOLEAN',
    'ALTER TABLE supply_demand_zones ADD COLUMN complete BOOLEAN',
    'ALTER TABLE fair_value_gaps ADD COLUMN complete BOOLEAN',
  ],
  // 5: how far the file has each commit log, by the sequence of the last record that is in it.
  [
    `CREATE TABLE pairduck_log (
  log VARCHAR,
  applied BIGINT)`,
  ],
  // 6: which parts of the archive hold what this file held, and ticks that came too late for them.
  [
    `CREATE TABLE pairduck_archive (
  relation VARCHAR,
  path VARCHAR,
  place VARCHAR,
  from_time TIMESTAMP,
  to_time TIMESTAMP,
  first_time TIMESTAMP,
  last_time TIMESTAMP,
  rows BIGINT,
  bytes BIGINT,
  state ENUM('writing', 'kept', 'dropping'))`,
    `CREATE TABLE pairduck_late_ticks (
  timestamp TIMESTAMP,
  price DOUBLE,
  volume DOUBLE,
  side ENUM('BUY', 'SELL'),
  trade_id VARCHAR)`,
  ],
  // 7: up to where each bar is one part. Of a file with candles that nobody merged it is not known.
  [
    'ALTER TABLE pairduck_candle_state ADD COLUMN merged_until TIMESTAMP',
    `UPDATE pairduck_candle_state SET merged_until = rolled_until
WHERE NOT EXISTS (FROM pairduck_candle_parts)`,
  ],
  // 8: how far the running delta came within each bar. Of bars that are there nobody knows it yet.
  [
    'ALTER TABLE pairduck_candle_parts ADD COLUMN max_delta DOUBLE',
    'ALTER TABLE pairduck_candle_parts ADD COLUMN min_delta DOUBLE',
  ],
]

/** The schema version of this package; a file with a higher one is refused, never touched. */
export const schemaVersion: number = migrations.length
