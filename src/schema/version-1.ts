/** The tables of schema version 1, as released: never edited. */
export const version1: readonly string[] = [
  `CREATE TABLE ticks (
  timestamp TIMESTAMP,
  price DOUBLE,
  volume DOUBLE,
  side ENUM('BUY', 'SELL'),
  trade_id VARCHAR)`,
  `CREATE TABLE order_flow (
  timestamp TIMESTAMP,
  timeframe VARCHAR,
  cvd DOUBLE,
  delta DOUBLE,
  buy_volume DOUBLE,
  sell_volume DOUBLE,
  imbalance_ratio DOUBLE,
  known_at TIMESTAMP)`,
  `CREATE TABLE market_profile (
  timestamp TIMESTAMP,
  timeframe VARCHAR,
  poc DOUBLE,
  value_area_high DOUBLE,
  value_area_low DOUBLE,
  total_volume DOUBLE,
  bin_size DOUBLE,
  known_at TIMESTAMP)`,
  `CREATE TABLE supply_demand_zones (
  timestamp TIMESTAMP,
  timeframe VARCHAR,
  type ENUM('supply', 'demand'),
  price_low DOUBLE,
  price_high DOUBLE,
  strength DOUBLE,
  status ENUM('active', 'tested', 'broken'),
  known_at TIMESTAMP,
  touched_at TIMESTAMP,
  broken_at TIMESTAMP)`,
  `CREATE TABLE fair_value_gaps (
  timestamp TIMESTAMP,
  timeframe VARCHAR,
  type ENUM('bullish', 'bearish'),
  price_low DOUBLE,
  price_high DOUBLE,
  filled_pct DOUBLE,
  known_at TIMESTAMP,
  touched_at TIMESTAMP,
  mid_at TIMESTAMP,
  filled_at TIMESTAMP)`,
  // Candles that have left the ticks: pieces that the candles_* views merge. `first_*` and
  // `last_*` say which tick gave open and close, so that two pieces merge exactly in any order.
  // `given` marks a candle that came from outside and stands for its whole bar.
  `CREATE TABLE pairduck_candle_parts (
  timeframe VARCHAR,
  timestamp TIMESTAMP,
  open DOUBLE,
  high DOUBLE,
  low DOUBLE,
  close DOUBLE,
  volume DOUBLE,
  buy_volume DOUBLE,
  sell_volume DOUBLE,
  quote_volume DOUBLE,
  trade_count BIGINT,
  first_timestamp TIMESTAMP,
  first_id VARCHAR,
  last_timestamp TIMESTAMP,
  last_id VARCHAR,
  given BOOLEAN)`,
  // Ticks before `rolled_until` are in the parts, ticks from there on are read by the views.
  `CREATE TABLE pairduck_candle_state (
  rolled_until TIMESTAMP)`,
  // What retention has deleted: a row older than its relation's mark cannot be judged any more.
  `CREATE TABLE pairduck_marks (
  relation VARCHAR,
  deleted_before TIMESTAMP)`,
  // How far refreshAnalytics is, and from where a late tick makes it look again.
  `CREATE TABLE pairduck_analytics (
  analytic VARCHAR,
  timeframe VARCHAR,
  processed_until TIMESTAMP,
  dirty_from TIMESTAMP)`,
  `INSERT INTO pairduck_candle_state VALUES ('-infinity')`,
]
