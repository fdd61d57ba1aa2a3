// Stores a handful of trades and asks for candles, delta, profile and gaps.
//   npx tsx examples/store-and-ask.ts [data directory]
import {
  calculateCvdQuery,
  calculateMarketProfileQuery,
  calculateOrderFlowImbalanceQuery,
  DatabaseManager,
  getCandlesQuery,
} from 'pairduck'

const db = await DatabaseManager.open({ dataDir: process.argv[2] ?? 'data' })
try {
  const pair = 'example/spot/BTC/USDT'
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 120_000
  const trades = [
    { timestamp: minute + 1_000, price: 61_837.63, volume: 10, side: 'BUY', tradeId: '1' },
    { timestamp: minute + 2_000.25, price: 61_838, volume: 15, side: 'BUY', tradeId: '2' },
    { timestamp: minute + 3_000, price: 61_836.5, volume: 5, side: 'SELL', tradeId: '3' },
    { timestamp: minute + 61_000, price: 61_840, volume: 20, side: 'BUY', tradeId: '4' },
    { timestamp: minute + 62_000, price: 61_839.9, volume: 3, side: 'SELL', tradeId: '5' },
  ] as const

  // Sending the same trades again, as an exchange does after a reconnect, stores nothing twice.
  console.log('first ', await db.insertTicks(pair, trades))
  console.log('again ', await db.insertTicks(pair, trades))

  const window = { from: minute, to: minute + 120_000 }
  const [cvd] = await db.query(pair, calculateCvdQuery({ window }))
  const [imbalance] = await db.query(pair, calculateOrderFlowImbalanceQuery({ window }))
  const [profile] = await db.query(pair, calculateMarketProfileQuery({ window, binSize: 1 }))
  const candles = await db.query(pair, getCandlesQuery({ timeframe: '1m', window }))
  console.log('CVD', cvd?.cvd, ' bought ÷ sold', imbalance?.imbalanceRatio, ' POC', profile?.poc)
  console.table(candles)
} finally {
  await db.close()
}
