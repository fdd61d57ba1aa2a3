import type { Tick } from '../../../src/index.ts'
import { timeframesMs, type PeerStore } from '../store.ts'

/** As much of chdb as is used here. */
export interface ChDb {
  readonly Session: new (path: string) => {
    query(sql: string, format?: string): string
    cleanup(): void
  }
}

const columns =
  'pair UInt32, timestamp Float64, price Float64, volume Float64, side UInt8, trade_id String'

const schema = [
  'CREATE DATABASE IF NOT EXISTS market',
  `CREATE TABLE market.ticks (${columns}) ENGINE = MergeTree ORDER BY (pair, trade_id)
   SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  ...timeframesMs.map(
    (timeframe) => `CREATE MATERIALIZED VIEW market.candles_${timeframe}
      ENGINE = AggregatingMergeTree ORDER BY (pair, open_time)
      SETTINGS fsync_after_insert = 1, fsync_part_directory = 1 AS
      SELECT pair, floor(timestamp / ${timeframe}) * ${timeframe} AS open_time,
        argMinState(price, timestamp) AS first_price, maxState(price) AS high, minState(price) AS low,
        argMaxState(price, timestamp) AS last_price, sumState(volume) AS total_volume,
        sumState(if(side = 0, volume, 0)) AS buy_volume, sumState(price * volume) AS quote_volume,
        countState() AS trades
      FROM market.ticks GROUP BY pair, open_time`,
  ),
]

interface Call {
  readonly pair: number
  readonly ticks: readonly Tick[]
  readonly resolve: (inserted: number) => void
  readonly reject: (error: unknown) => void
}

/** ClickHouse in this process. An insert makes a part of each table, so calls that come meanwhile share one. */
export class ChDbStore implements PeerStore {
  readonly #session: InstanceType<ChDb['Session']>
  #waiting: Call[] = []

  constructor(chdb: ChDb, path: string) {
    this.#session = new chdb.Session(path)
    for (const sql of schema) this.#session.query(sql)
  }

  insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    if (this.#waiting.length === 0) setImmediate(() => this.#commit())
    return new Promise((resolve, reject) => this.#waiting.push({ pair, ticks, resolve, reject }))
  }

  async settle(): Promise<void> {}

  async close(): Promise<void> {
    this.#session.cleanup()
  }

  #commit(): void {
    const calls = this.#waiting
    this.#waiting = []
    try {
      const stored = this.#stored(calls)
      const rows: string[] = []
      const inserted = calls.map(({ pair, ticks }) => {
        const before = rows.length
        for (const { timestamp, price, volume, side, tradeId } of ticks) {
          const key = `${pair}\t${tradeId}`
          if (stored.has(key)) continue
          stored.add(key)
          rows.push(
            `(${pair},${timestamp},${price},${volume},${side === 'BUY' ? 0 : 1},'${tradeId}')`,
          )
        }
        return rows.length - before
      })
      if (rows.length > 0) this.#session.query(`INSERT INTO market.ticks VALUES ${rows.join(',')}`)
      for (const [index, { resolve }] of calls.entries()) resolve(inserted[index]!)
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }

  /** Which of the calls' ids are there already; nothing in the engine keeps them once. */
  #stored(calls: readonly Call[]): Set<string> {
    const ids = calls.flatMap(({ pair, ticks }) =>
      ticks.map(({ tradeId }) => `(${pair},'${tradeId}')`),
    )
    const found = this.#session.query(
      `SELECT pair, trade_id FROM market.ticks WHERE (pair, trade_id) IN (${ids.join(',')})`,
      'TabSeparated',
    )
    return new Set(found.split('\n').filter((line) => line !== ''))
  }
}
