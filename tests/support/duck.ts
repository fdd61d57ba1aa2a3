import {
  BIGINT,
  DOUBLE,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { Query, SqlValue } from '../../src/queries/query.ts'
import { pickSources } from '../../src/schema/bar-sources.ts'
import { createSchemaSql } from '../../src/schema/create.ts'
import { readBarFacts } from '../../src/storage/duckdb/bar-sources.ts'
import type { Candle, Tick } from '../../src/schema/rows.ts'
import { microsFromMs, msFromMicros, timeframes, type Timeframe } from '../../src/time.ts'

/**
 * One pair's tables in a plain in-memory DuckDB, with candles of every timeframe: what a builder's
 * text does is tested without the storage. Rows come back as the API promises them.
 */
export class Duck {
  readonly #instance: DuckDBInstance
  readonly connection: DuckDBConnection
  /** Timeframes of which there are candles from outside. */

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.connection = connection
  }

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    await connection.run(`SET TimeZone = 'UTC'`)
    for (const statement of createSchemaSql(timeframes)) await connection.run(statement)
    return new Duck(instance, connection)
  }

  /** Runs statements that give nothing back. */
  async run(sql: string): Promise<void> {
    await this.connection.run(sql)
  }

  /** Runs a built query; the rows are typed by it. */
  async query<Row>({ sql, params, bars }: Query<Row>): Promise<Row[]> {
    const text =
      bars === undefined
        ? sql
        : pickSources(
            sql,
            bars,
            await readBarFacts(this.connection, { kept: timeframes, made: bars }),
          )
    const result = await this.connection.run(text, { ...params }, bindingTypes(params))
    const names = result.columnNames()
    const rows = await result.getRows()
    return rows.map(
      (row) => Object.fromEntries(names.map((name, at) => [name, plain(row[at] ?? null)])) as Row,
    )
  }

  /** Stores ticks in the order given, without deduplication. */
  async insertTicks(ticks: readonly Tick[]): Promise<void> {
    await this.#append(
      'ticks',
      ticks.map(({ timestamp, price, volume, side, tradeId }) => [
        stamp(timestamp),
        price,
        volume,
        side,
        tradeId ?? null,
      ]),
    )
  }

  /** Stores candles as given from outside: each stands for its whole bar. */
  async insertCandles(timeframe: Timeframe, candles: readonly Candle[]): Promise<void> {
    await this.#append(
      'pairduck_candle_parts',
      candles.map((candle) => [
        timeframe,
        stamp(candle.timestamp),
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.buyVolume ?? null,
        candle.sellVolume ?? null,
        candle.quoteVolume ?? null,
        candle.tradeCount ?? null,
        stamp(candle.timestamp),
        '',
        stamp(candle.timestamp),
        '',
        true,
        null,
        null,
      ]),
    )
  }

  /** Removes every tick from a time (Unix ms) on. */
  async deleteTicksFrom(ms: number): Promise<void> {
    await this.run(`DELETE FROM ticks WHERE timestamp >= make_timestamp(${microsFromMs(ms)})`)
  }

  /** Removes every tick before a time (Unix ms) and moves the mark, as retention does. */
  async deleteTicksBefore(ms: number): Promise<void> {
    const before = `make_timestamp(${microsFromMs(ms)})`
    await this.run(`DELETE FROM ticks WHERE timestamp < ${before}`)
    await this.run(`DELETE FROM pairduck_marks WHERE relation = 'ticks'`)
    await this.run(`INSERT INTO pairduck_marks VALUES ('ticks', ${before})`)
  }

  /** As it was when it was opened, so that one database serves many runs of a property. */
  async clear(): Promise<void> {
    for (const table of cleared) await this.run(`DELETE FROM ${table}`)
    await this.run(
      `UPDATE pairduck_candle_state SET rolled_until = '-infinity', merged_until = '-infinity'`,
    )
  }

  close(): void {
    this.connection.closeSync()
    this.#instance.closeSync()
  }

  async #append(table: string, rows: readonly (readonly Cell[])[]): Promise<void> {
    const appender = await this.connection.createAppender(table)
    for (const row of rows) {
      for (const cell of row) {
        if (cell === null) appender.appendNull()
        else if (typeof cell === 'number') appender.appendDouble(cell)
        else if (typeof cell === 'string') appender.appendVarchar(cell)
        else if (typeof cell === 'boolean') appender.appendBoolean(cell)
        else appender.appendTimestamp(cell)
      }
      appender.endRow()
    }
    appender.closeSync()
  }
}

type Cell = number | string | boolean | null | DuckDBTimestampValue

const cleared = [
  'ticks',
  'order_flow',
  'market_profile',
  'supply_demand_zones',
  'fair_value_gaps',
  'pairduck_candle_parts',
  'pairduck_marks',
  'pairduck_analytics',
  'gaps',
]

function stamp(ms: number): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(microsFromMs(ms)))
}

function bindingTypes(params: Readonly<Record<string, SqlValue>>): Record<string, DuckDBType> {
  const types: Record<string, DuckDBType> = {}
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'bigint') types[name] = BIGINT
    if (typeof value === 'number') types[name] = DOUBLE
  }
  return types
}

/** A value as the API gives it: times in Unix ms, whole numbers as numbers, plain lists and objects. */
function plain(value: DuckDBValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof DuckDBTimestampValue) return msFromMicros(Number(value.micros))
  if (value instanceof DuckDBListValue) return value.items.map((item) => plain(item))
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, entry]) => [name, plain(entry)]),
    )
  return value
}
