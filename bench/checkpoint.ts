/** What a checkpoint of ours takes beside the engine's own of the same rows: mending at open adds nothing to it. */
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { DatabaseManager } from '../src/index.ts'
import { interleave } from './harness/interleave.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades } from './storage/trades.ts'

const pair = 'bench/spot/CHECKPOINTS'
const rows = 1_000
const held = 50_000
const insert = `INSERT INTO ticks
  SELECT make_timestamp(epoch_us(now()) + i), 1 + i, 1, 'BUY', (random() * 1e15)::BIGINT::VARCHAR
  FROM range(${rows}) AS t(i)`

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const [ours, bare] = [join(folder, 'ours'), join(folder, 'bare')]
    const trades = makeTrades(held, Date.now() - 3_600_000)
    for (const dataDir of [ours, bare]) {
      const db = await DatabaseManager.open({ dataDir, retention: 'forever' })
      await db.insertTicks(pair, trades)
      await db.close()
    }
    const db = await DatabaseManager.open({ dataDir: ours, retention: 'forever' })
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    try {
      await connection.run(`ATTACH '${join(bare, pair, 'trading.duckdb')}' AS bare; USE bare`)
      const ms = await interleave(
        { ours: () => checkpointOfOurs(db), bare: () => checkpointOf(connection) },
        { rounds: 41, warmups: 5 },
      )
      return [
        {
          name: `checkpoint of ${rows.toLocaleString('en')} rows, the folder synced`,
          value: ms.ours,
          unit: 'ms',
          comparedWith: `the engine's own CHECKPOINT of the same: ${ms.bare.toFixed(2)} ms`,
          ratio: ms.ours / ms.bare,
          target: { atMost: 1.5 },
        },
      ]
    } finally {
      connection.closeSync()
      instance.closeSync()
      await db.close()
    }
  })
}

async function checkpointOfOurs(db: DatabaseManager): Promise<number> {
  await db.withConnection(pair, async ({ connection }) => void (await connection.run(insert)))
  return db.pool.use({ exchange: 'bench', market: 'spot', symbol: 'CHECKPOINTS' }, (database) =>
    database.writer.run(async (connection) => {
      const startedAt = performance.now()
      await database.checkpoint(connection)
      return performance.now() - startedAt
    }),
  )
}

async function checkpointOf(connection: DuckDBConnection): Promise<number> {
  await connection.run(insert)
  const startedAt = performance.now()
  await connection.run('CHECKPOINT bare')
  return performance.now() - startedAt
}
