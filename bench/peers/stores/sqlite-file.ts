import type { Tick } from '../../../src/index.ts'
import { foldBars, timeframesMs, type Bar } from '../store.ts'

/** As much of better-sqlite3 as is used here. */
interface Statement {
  run(...values: unknown[]): { changes: number }
  all(...values: unknown[]): Record<string, unknown>[]
}

export interface SqliteDatabase {
  pragma(text: string): unknown
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

export type Sqlite = new (path: string) => SqliteDatabase

const barColumns =
  'timeframe pair open_time open high low close volume buy_volume quote_volume trades first_at last_at'.split(
    ' ',
  )

const schema = `
  CREATE TABLE IF NOT EXISTS ticks (
    pair INTEGER, timestamp REAL, price REAL, volume REAL, side INTEGER, trade_id TEXT,
    UNIQUE (pair, trade_id));
  CREATE INDEX IF NOT EXISTS ticks_by_time ON ticks (pair, timestamp);
  CREATE TABLE IF NOT EXISTS candles (${barColumns.join(', ')},
    PRIMARY KEY (timeframe, pair, open_time)) WITHOUT ROWID`

const mergeBarSql = `
  INSERT INTO candles VALUES (${barColumns.map(() => '?').join(', ')})
  ON CONFLICT DO UPDATE SET
    open = iif(excluded.first_at < first_at, excluded.open, open),
    close = iif(excluded.last_at >= last_at, excluded.close, close),
    high = max(high, excluded.high), low = min(low, excluded.low),
    volume = volume + excluded.volume, buy_volume = buy_volume + excluded.buy_volume,
    quote_volume = quote_volume + excluded.quote_volume, trades = trades + excluded.trades,
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`

interface Call {
  readonly pair: number
  readonly ticks: readonly Tick[]
  readonly resolve: (inserted: number) => void
  readonly reject: (error: unknown) => void
}

/** One file, the way that is fastest in it: calls that come meanwhile share the next transaction. */
export class SqliteFile {
  readonly database: SqliteDatabase
  readonly #insertion: Statement
  readonly #merging: Statement
  readonly #ticks: Statement
  readonly #candles: Statement
  #waiting: Call[] = []

  constructor(sqlite: Sqlite, path: string) {
    this.database = new sqlite(path)
    this.database.pragma('journal_mode = WAL')
    // The answer is given after the write-ahead log was synced.
    this.database.pragma('synchronous = FULL')
    this.database.pragma('cache_size = -65536')
    this.database.exec(schema)
    this.#insertion = this.database.prepare('INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?, ?, ?)')
    this.#merging = this.database.prepare(mergeBarSql)
    this.#ticks = this.database.prepare(`
      SELECT timestamp, price, volume, side, trade_id AS tradeId FROM ticks
      WHERE pair = ? ORDER BY timestamp DESC LIMIT ?`)
    this.#candles = this.database.prepare(`
      SELECT * FROM candles WHERE timeframe = 60000 AND pair = ? ORDER BY open_time DESC LIMIT ?`)
  }

  insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    if (this.#waiting.length === 0) setImmediate(() => this.#commit())
    return new Promise((resolve, reject) => this.#waiting.push({ pair, ticks, resolve, reject }))
  }

  lastTicks(pair: number, count: number): readonly object[] {
    return this.#ticks.all(pair, count)
  }

  /** Those of a minute. */
  lastCandles(pair: number, count: number): readonly object[] {
    return this.#candles.all(pair, count)
  }

  close(): void {
    this.database.close()
  }

  #commit(): void {
    const calls = this.#waiting
    this.#waiting = []
    try {
      this.database.exec('BEGIN IMMEDIATE')
      const inserted = calls.map(({ pair, ticks }) => this.#store(pair, ticks))
      this.database.exec('COMMIT')
      for (const [index, { resolve }] of calls.entries()) resolve(inserted[index]!)
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }

  #store(pair: number, ticks: readonly Tick[]): number {
    const added = ticks.filter(
      ({ timestamp, price, volume, side, tradeId }) =>
        this.#insertion.run(pair, timestamp, price, volume, side === 'BUY' ? 0 : 1, tradeId)
          .changes === 1,
    )
    for (const timeframeMs of timeframesMs)
      for (const bar of foldBars(added, timeframeMs)) this.#merge(timeframeMs, pair, bar)
    return added.length
  }

  #merge(timeframeMs: number, pair: number, bar: Bar): void {
    this.#merging.run(
      timeframeMs,
      pair,
      bar.openTime,
      bar.open,
      bar.high,
      bar.low,
      bar.close,
      bar.volume,
      bar.buyVolume,
      bar.quoteVolume,
      bar.trades,
      bar.firstAt,
      bar.lastAt,
    )
  }
}
