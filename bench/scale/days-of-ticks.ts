import { DuckDBInstance } from '@duckdb/node-api'
import { DatabaseManager } from '../../src/index.ts'

export const pair = 'bench/spot/ARCHIVE'
export const dayMs = 86_400_000
export const begin: number = Date.UTC(2026, 0, 1)

export interface Days {
  readonly days: number
  readonly perDay: number
}

/** Stores days of ticks with noisy prices and volumes, as files of trades bring them. */
export async function storeDays(
  dataDir: string,
  file: string,
  { days, perDay }: Days,
): Promise<void> {
  const engine = await DuckDBInstance.create(':memory:')
  const connection = await engine.connect()
  await connection.run('SELECT setseed(0.5)')
  await connection.run(`COPY (
    SELECT make_timestamp(${begin * 1000} + number * ${Math.floor((dayMs * 1000) / perDay)}) AS timestamp,
      round(60_000 + 500 * sin(number / 50_000) + (random() - 0.5) * 20, 1) AS price,
      round(random() ** 4 + 0.0001, 5) AS volume,
      if(random() < 0.5, 'BUY', 'SELL') AS side, (3_700_000_000 + number)::VARCHAR AS trade_id
    FROM range(${days * perDay}) AS numbers(number)) TO '${file}' (FORMAT parquet)`)
  connection.closeSync()
  engine.closeSync()
  const db = await DatabaseManager.open({ dataDir, retention: 'forever' })
  await db.importTicks(pair, file)
  await db.close()
}

/** Seconds of the processor that some work takes. */
export async function cpuSecondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
