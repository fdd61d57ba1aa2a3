/** Opens a data directory from a worker thread; an error goes to the thread that started it. */
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
const { DatabaseManager } = await import('../../src/index.ts')
await DatabaseManager.open({ dataDir: workerData.dataDir })
