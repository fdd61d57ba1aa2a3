// Walks through a file of trades minute by minute, as a strategy would live through it, and shows
// that what it sees at each moment is what it would have seen then.
//   npx tsx examples/replay-without-look-ahead.ts trades.csv
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseManager, detectFvgQuery, getCandlesQuery } from 'pairduck'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('name a file of trades: csv, csv.gz, jsonl or parquet')

const dataDir = await mkdtemp(join(tmpdir(), 'pairduck-replay-'))
const db = await DatabaseManager.open({ dataDir })
try {
  const pair = 'replay/spot/FILE'
  const { inserted, duplicates } = await db.importTicks(pair, file)
  console.log(`${inserted} trades, ${duplicates} twice in the file`)

  const bars = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
  const seen = new Set<string>()
  for (const { timestamp } of bars) {
    // The bar closes a minute after it opens; nothing later may be used.
    const asOf = timestamp + 60_000
    for (const gap of await db.query(pair, detectFvgQuery({ timeframe: '1m', asOf }))) {
      const key = `${gap.type} ${gap.priceLow} to ${gap.priceHigh}`
      if (seen.has(key)) continue
      seen.add(key)
      console.log(`${new Date(gap.knownAt).toISOString()} a ${key} gap is known`)
    }
  }

  const all = await db.query(pair, detectFvgQuery({ timeframe: '1m' }))
  const missed = all.filter((gap) => !seen.has(`${gap.type} ${gap.priceLow} to ${gap.priceHigh}`))
  console.log(
    `looking back there are ${all.length} gaps; ${missed.length} of them were not known in time`,
  )
} finally {
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
}
