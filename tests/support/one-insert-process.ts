/**
 * A bot that is started: `one-insert-process.ts <dataDir> <pair> <id> [timeoutMs]` stores one tick,
 * says what became of it, and stays.
 */
import { DatabaseManager } from '../../src/index.ts'

const [dataDir = '', pair = '', tradeId = '', timeoutMs = '20000'] = process.argv.slice(2)
const db = await DatabaseManager.open({ dataDir, acquireTimeoutMs: Number(timeoutMs) })
const tick = { timestamp: Date.now(), price: 1, volume: 1, side: 'BUY', tradeId } as const
await db.insertTicks(pair, [tick]).then(
  ({ inserted }) => process.send?.({ inserted }),
  ({ code }: { code: string }) => process.send?.({ code }),
)
process.on('disconnect', () => process.exit())
