// Copies every pair into a folder that dashboards and notebooks can open while the engine goes on.
// DuckDB lets only one process open a file that is written; the copies belong to nobody. Pairs that
// another process holds are left out: `pairduck snapshot` copies those, too, since it asks the holder.
//   npx tsx examples/copies-for-readers.ts data copies
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseManager, formatPair, PairduckError } from 'pairduck'

const [dataDir = 'data', folder = 'copies'] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const db = await DatabaseManager.open({ dataDir })
try {
  for (const pair of await db.listPairs()) {
    const name = formatPair(pair)
    try {
      const { file, bytes } = await db.snapshot(
        pair,
        join(folder, `${name.replaceAll('/', '-')}.duckdb`),
      )
      console.log(`${name} → ${file}, ${bytes} bytes`)
    } catch (error) {
      if (!PairduckError.is(error, 'PAIR_LOCKED')) throw error
      console.log(`${name} is busy in another process: next time`)
    }
  }
} finally {
  await db.close()
}
