// Stores the live trades of an exchange, of as many symbols as you name, until Ctrl-C. A program that
// shall also notice and fill the holes in its record calls `recordTrades` of pairduck/record instead.
//   npx tsx examples/live-feed.ts binance BTC/USDT ETH/USDT
import { setTimeout as delay } from 'node:timers/promises'
import { pro, type Exchange, type Trade } from 'ccxt'
import { DatabaseManager, PairduckError, type Tick } from 'pairduck'
import { ticksFromCcxt } from 'pairduck/ccxt'

const [exchangeId = 'binance', ...symbols] = process.argv.slice(2)
const Feed = (pro as unknown as Record<string, new (options: object) => Exchange>)[exchangeId]
if (Feed === undefined) throw new Error(`ccxt has no feed of ${exchangeId}`)
// `newUpdates`: a call gives what came since the last one, not all that is cached.
const exchange = new Feed({ newUpdates: true })

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const db = await DatabaseManager.open({ dataDir: 'data' })
db.on('error', ({ pair, error }) => console.error(pair, error))
db.startCleanup()
db.startAnalytics()

/** So many trades of a symbol are kept while the store refuses them (a full disk, a locked file). */
const mostKept = 50_000

/** Trades that come twice, as after a lost connection, are stored once: nothing is to be done here. */
async function storeTrades(symbol: string): Promise<void> {
  const pair = { exchange: exchangeId, market: 'spot', symbol }
  let ticks: Tick[] = []
  while (!stop.signal.aborted) {
    try {
      const trades = await exchange.watchTrades(symbol)
      ticks = [...ticks, ...trades.flatMap((trade) => ticksOf(trade))].slice(-mostKept)
      await db.insertTicks(pair, ticks)
      ticks = []
    } catch (error) {
      console.error(symbol, error)
      // What was refused is sent again with the next trades, except a tick that can never be stored.
      if (PairduckError.is(error, 'INVALID_TICK')) ticks.splice(Number(error.details['index']), 1)
      await delay(1_000, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  if (ticks.length > 0) await db.insertTicks(pair, ticks)
}

/** A trade without a price, an amount or a side is reported and left out. */
function ticksOf(trade: Trade): Tick[] {
  try {
    return ticksFromCcxt([trade])
  } catch (error) {
    console.error(trade.symbol, error)
    return []
  }
}

stop.signal.addEventListener('abort', () => void exchange.close())
await Promise.all(
  (symbols.length > 0 ? symbols : ['BTC/USDT']).map((symbol) => storeTrades(symbol)),
)
await db.close()
