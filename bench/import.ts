/** Importing a file of a million trades into a new pair. */
import { availableParallelism } from 'node:os'
import { DatabaseManager } from '../src/index.ts'
import { interleave } from './harness/interleave.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { BareEngine } from './storage/bare-engine.ts'

const trades = 1_000_000
const rounds = 3
const formats = ['csv', 'parquet'] as const

export async function run(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = []
  for (const format of formats)
    rows.push(...(await inScratchFolder((folder) => compare(folder, format))))
  return rows
}

async function compare(
  folder: string,
  format: (typeof formats)[number],
): Promise<readonly BenchRow[]> {
  const file = `${folder}/trades.${format}`
  await writeTrades(folder, file)
  const db = await DatabaseManager.open({ dataDir: `${folder}/data` })
  const bare = await BareEngine.open(`${folder}/bare-`, rounds + 1)
  const plain = await BareEngine.open(`${folder}/plain-`, rounds + 1, { asItComes: true })
  const byHand = await BareEngine.open(`${folder}/hand-`, rounds + 1)
  const next = { import: 0, bare: 0, plain: 0, byHand: 0 }
  const ms = await interleave(
    {
      import: async () => {
        const { inserted } = await db.importTicks(`bench/spot/IMPORT${next.import++}`, file, {
          timeUnit: 'ms',
        })
        if (inserted !== trades) throw new Error(`imported ${inserted} of ${trades}`)
      },
      // Autocommit: when it resolves, the rows are as durable as an import's.
      bare: async () => {
        await bare.connections[next.bare++]!.run(insertFrom(file))
      },
      byHand: async () => {
        const connection = byHand.connections[next.byHand++]!
        for (const sql of byHandFrom(file)) await connection.run(sql)
      },
      plain: async () => {
        await plain.connections[next.plain++]!.run(insertFrom(file))
      },
    },
    { rounds },
  )
  bare.close()
  plain.close()
  byHand.close()
  await db.close()
  return [
    {
      ...row(format, ms.import, ms.bare, 'one thread and small blocks, as here'),
      target: { atLeast: 0.3 },
    },
    {
      ...row(format, ms.import, ms.byHand, ''),
      comparedWith: `SQL by hand in the same engine that dedupes by id and folds three timeframes: ${rate(ms.byHand)} ticks/s`,
      target: { atLeast: 0.7 },
    },
    row(format, ms.import, ms.plain, `as it comes, with ${availableParallelism()} threads`),
  ]
}

function row(format: string, ms: number, engineMs: number, setUp: string): BenchRow {
  return {
    name: `1,000,000 trades from ${format}`,
    value: (trades * 1000) / ms,
    unit: 'ticks/s',
    comparedWith: `the engine's INSERT … SELECT from the same file, ${setUp}: ${rate(engineMs)} ticks/s`,
    ratio: engineMs / ms,
  }
}

function rate(ms: number): string {
  return Math.round((trades * 1000) / ms).toLocaleString('en')
}

/** What somebody would write who wants the same of the engine: each id once, and candles. */
function byHandFrom(file: string): readonly string[] {
  const order = '(timestamp, length(trade_id), trade_id)'
  const candles = [1, 5, 15].map(
    (minutes) => `CREATE TABLE candles_${minutes}m AS
      SELECT time_bucket(INTERVAL ${minutes} MINUTE, timestamp) AS open_time,
        arg_min(price, ${order}) AS open, max(price) AS high, min(price) AS low,
        arg_max(price, ${order}) AS close, sum(volume) AS volume,
        sum(if(side = 'BUY', volume, 0)) AS buy_volume, sum(if(side = 'SELL', volume, 0)) AS sell_volume,
        sum(price * volume) AS quote_volume, count(*) AS trade_count
      FROM staged GROUP BY 1`,
  )
  return [
    'BEGIN',
    `CREATE TEMP TABLE staged AS SELECT DISTINCT ON (trade_id) * FROM (
       SELECT make_timestamp(timestamp * 1000) AS timestamp, price, volume, side,
         tradeId::VARCHAR AS trade_id FROM '${file}') AS given
     WHERE NOT EXISTS (SELECT 1 FROM ticks WHERE ticks.trade_id = given.trade_id)`,
    'INSERT INTO ticks SELECT * FROM staged ORDER BY timestamp',
    ...candles,
    'COMMIT',
    'DROP TABLE staged',
  ]
}

function insertFrom(file: string): string {
  return `
    INSERT INTO ticks
    SELECT make_timestamp(timestamp * 1000), price, volume, side, tradeId::VARCHAR FROM '${file}'`
}

/** Our own column names; 50 trades a second, always three in one millisecond. */
async function writeTrades(folder: string, file: string): Promise<void> {
  const engine = await BareEngine.open(`${folder}/source-`, 1)
  const startMs = Date.now() - trades * 20 - 60_000
  await engine.connections[0]!.run(`
    COPY (
      SELECT
        ${startMs} + (i - i % 3) * 20 AS timestamp,
        round(60000 + 500 * sin(i / 20000.0) + (hash(i) % 400) / 10.0, 1) AS price,
        round(0.00001 + (hash(i + 7) % 100000) / 100000.0, 5) AS volume,
        if(hash(i + 13) % 2 = 0, 'BUY', 'SELL') AS side,
        3700000000 + i AS tradeId
      FROM range(${trades}) AS r(i)
    ) TO '${file}'`)
  engine.close()
}
