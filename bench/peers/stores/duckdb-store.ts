import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import PQueue from 'p-queue'
import type { Tick } from '../../../src/index.ts'
import { foldBars, timeframesMs, type PeerStore } from '../store.ts'

const barColumns = `open, high, low, close, volume, buy_volume, quote_volume, trades, first_at, last_at`

const schema = [
  `CREATE TABLE ticks (pair INTEGER, timestamp TIMESTAMP, price DOUBLE, volume DOUBLE,
     side VARCHAR, trade_id VARCHAR, PRIMARY KEY (pair, trade_id))`,
  `CREATE TABLE candles (timeframe INTEGER, pair INTEGER, open_time TIMESTAMP,
     ${barColumns.replace(/\w+/g, '$& DOUBLE')}, PRIMARY KEY (timeframe, pair, open_time))`,
]

const mergeBars = `
  ON CONFLICT DO UPDATE SET
    open = if(excluded.first_at < first_at, excluded.open, open),
    close = if(excluded.last_at >= last_at, excluded.close, close),
    high = greatest(high, excluded.high), low = least(low, excluded.low),
    volume = volume + excluded.volume, buy_volume = buy_volume + excluded.buy_volume,
    quote_volume = quote_volume + excluded.quote_volume, trades = trades + excluded.trades,
    first_at = least(first_at, excluded.first_at), last_at = greatest(last_at, excluded.last_at)`

/** DuckDB as one begins with it: one file, a transaction per call, the engine's own keys and conflicts. */
export class DuckDbStore implements PeerStore {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  /** A connection has one transaction. */
  readonly #line = new PQueue({ concurrency: 1 })

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open(file: string): Promise<DuckDbStore> {
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    for (const sql of schema) await connection.run(sql)
    return new DuckDbStore(instance, connection)
  }

  insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    return this.#line.add(() => this.#store(pair, ticks))
  }

  async settle(): Promise<void> {}

  async close(): Promise<void> {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  async #store(pair: number, ticks: readonly Tick[]): Promise<number> {
    await this.#connection.run('BEGIN')
    const values = ticks.map(
      ({ timestamp, price, volume, side, tradeId }) =>
        `(${pair}, ${timeSql(timestamp)}, ${price}, ${volume}, '${side}', '${tradeId}')`,
    )
    const reader = await this.#connection.runAndReadAll(
      `INSERT INTO ticks VALUES ${values.join(', ')} ON CONFLICT DO NOTHING RETURNING trade_id`,
    )
    const ids = new Set<unknown>(reader.getRows().map(([id]) => id))
    const added = ticks.filter(({ tradeId }) => ids.has(tradeId))
    if (added.length > 0)
      await this.#connection.run(`INSERT INTO candles VALUES ${barsOf(pair, added)} ${mergeBars}`)
    await this.#connection.run('COMMIT')
    return added.length
  }
}

function barsOf(pair: number, ticks: readonly Tick[]): string {
  return timeframesMs
    .flatMap((timeframeMs) =>
      foldBars(ticks, timeframeMs).map((bar) => {
        const { openTime, open, high, low, close, volume, buyVolume, quoteVolume } = bar
        const rest = [open, high, low, close, volume, buyVolume, quoteVolume, bar.trades]
        return `(${timeframeMs}, ${pair}, ${timeSql(openTime)}, ${[...rest, bar.firstAt, bar.lastAt].join(', ')})`
      }),
    )
    .join(', ')
}

function timeSql(ms: number): string {
  return `make_timestamp(${Math.round(ms * 1000)})`
}
