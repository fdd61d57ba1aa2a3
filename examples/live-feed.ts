// Stores an exchange's trades as they come, of as many symbols as you name, until Ctrl-C.
//   npx tsx examples/live-feed.ts binance BTC/USDT ETH/USDT
import { setTimeout as delay } from 'node:timers/promises'
import { pro, type Exchange, type Trade } from 'ccxt'
import { DatabaseManager, PairduckError, type Tick } from 'pairduck'

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

/** So many are kept of a symbol while the store refuses them: a full disk, a file that is locked. */
const mostKept = 50_000

/** Which trades came before a lost connection, and which come twice after it, is the store's care. */
async function storeTrades(symbol: string): Promise<void> {
  const pair = { exchange: exchangeId, market: 'spot', symbol }
  let ticks: Tick[] = []
  while (!stop.signal.aborted) {
    try {
      const trades = await exchange.watchTrades(symbol)
      ticks = [...ticks, ...trades.map((trade) => tickOf(trade))].slice(-mostKept)
      await db.insertTicks(pair, ticks)
      ticks = []
    } catch (error) {
      console.error(symbol, error)
      // What was refused goes again with the next trades, but for a tick that never can be stored.
      if (PairduckError.is(error, 'INVALID_TICK')) ticks.splice(Number(error.details['index']), 1)
      await delay(1_000, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  if (ticks.length > 0) await db.insertTicks(pair, ticks)
}

function tickOf({ id, timestamp, price, amount, side }: Trade): Tick {
  return {
    timestamp: timestamp!,
    price: price!,
    volume: amount!,
    side: side === 'buy' ? 'BUY' : 'SELL',
    tradeId: id,
  }
}

stop.signal.addEventListener('abort', () => void exchange.close())
await Promise.all(
  (symbols.length > 0 ? symbols : ['BTC/USDT']).map((symbol) => storeTrades(symbol)),
)
await db.close()
