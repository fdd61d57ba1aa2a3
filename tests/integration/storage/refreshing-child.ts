/** Replays trades into a directory, refreshing along the way, and tells before each refresh. */
import { readFileSync } from 'node:fs'
import { DatabaseManager, type Tick, type Timeframe } from '../../../src/index.ts'

const [dataDir, tradesFile, pair] = process.argv.slice(2) as [string, string, string]
const { trades, candles, pieceLength } = JSON.parse(readFileSync(tradesFile, 'utf8')) as {
  trades: Tick[]
  candles: Timeframe[]
  pieceLength: number
}
const db = await DatabaseManager.open({ dataDir, candles })
for (let at = 0; at < trades.length; at += pieceLength) {
  await db.insertTicks(pair, trades.slice(at, at + pieceLength))
  process.send!({ refreshing: at })
  await db.refreshAnalytics(pair, { now: 'newest-tick' })
}
await db.close()
process.disconnect()
