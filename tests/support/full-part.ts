/**
 * Writes until one part of the data directory is full, gives it room, and says what became of it all;
 * with `rests` the part is full before, while the pair's file is closed.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { DatabaseManager, PairduckError, type Tick } from '../../src/index.ts'

const [, , dataDir, part, rests] = process.argv as [string, string, string, string, string?]
const pair = 'x/spot/A'
const now = Date.now()
const db = await DatabaseManager.open({ dataDir, maxConnections: rests === 'rests' ? 1 : 10 })
db.on('error', () => undefined)

/** Ids that do not compress; ticks without one are counted by nothing but the log's own marks. */
function ticks(first: number, count: number): Tick[] {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: now - 1000 + (first + index) / 1000,
    price: 1,
    volume: 1,
    side: 'BUY',
    ...(index % 2 === 0 && { tradeId: `${first + index} ${Math.random()} ${Math.random()}` }),
  }))
}

/** What a call gave, or the code of what was said instead. */
async function told<T>(call: () => Promise<T>): Promise<T | string> {
  try {
    return await call()
  } catch (error) {
    return PairduckError.is(error) ? error.code : String(error)
  }
}

const insert = (first: number, count: number): Promise<number | string> =>
  told(async () => (await db.insertTicks(pair, ticks(first, count))).inserted)
/** A candle of a bar without ticks, again and again; its volume says which. */
async function insertCandle(volume: number): Promise<boolean> {
  const timestamp = Math.floor(now / 3_600_000 - 24) * 3_600_000
  const candle = { timestamp, open: 1, high: 1, low: 1, close: 1, volume }
  return typeof (await told(() => db.insertCandles(pair, '5m', [candle]))) === 'object'
}
const newestCandle = {
  name: 'candle',
  sql: 'SELECT volume FROM candles_5m WHERE trade_count IS NULL',
  params: {},
}
const counted = { name: 'count', sql: 'SELECT count(*) AS n FROM ticks', params: {} }
const count = (): Promise<unknown> =>
  told(async () => (await db.query<{ n: number }>(pair, counted))[0]!.n)

/** Another pair, on the other disk, takes the one place. */
async function rest(): Promise<number> {
  await insert(1_000_000, 1)
  await db.insertTicks('y/spot/B', ticks(0, 1))
  try {
    for (;;) appendFileSync(`${part}/filler`, Buffer.alloc(4096))
  } catch {
    return db.stats().restingPairs.length
  }
}

const resting = rests === 'rests' ? await rest() : 0
let acknowledged = resting
let code: number | string = 0
let [candle, candleCalls] = [0, 0]
while (acknowledged < 400_000) {
  code = await insert(acknowledged, 500)
  if (resting === 0 && (await insertCandle(++candleCalls))) candle = candleCalls
  if (typeof code === 'string') break
  acknowledged += code
}
const whileFull = await count()
execFileSync('mount', ['-o', 'remount,size=200m', 'none', part])
const withRoom = await insert(900_000, 1)
const stored = await count()
const volume = (await db.query<{ volume: number }>(pair, newestCandle))[0]?.volume
const closed = (await told(() => db.close())) ?? 'well'
const rows = { candle, volume, candleCalls }
process.stdout.write(
  JSON.stringify({ resting, code, acknowledged, whileFull, withRoom, stored, closed, rows }),
)
