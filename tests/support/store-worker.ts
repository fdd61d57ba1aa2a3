/** Opens a data directory from a worker thread; an error goes to the thread that started it. */
import { parentPort, workerData } from 'node:worker_threads'
import { DatabaseManager, type Tick } from '../../src/index.ts'

const { dataDir } = workerData as { readonly dataDir: string }
const db = await DatabaseManager.open({ dataDir })
const tick: Tick = { timestamp: Date.now(), price: 1, volume: 1, side: 'BUY', tradeId: '1' }
await db.insertTicks('x/spot/W', [tick])
// Read, it is in the file: to end the thread while the engine writes would end the process.
await db.query('x/spot/W', { name: 'all', sql: 'SELECT * FROM ticks', params: {} })
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
parentPort!.postMessage('open')
// The store's own timers do not keep a thread alive.
setInterval(() => undefined, 1000)
