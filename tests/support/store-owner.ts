/** A process that owns a store and serves it: `store-owner.ts <dataDir> [port] [pair]`. */
import { DatabaseManager } from '../../src/index.ts'
import { serve } from '../../src/serve/index.ts'

const [dataDir = '', port = '0', held] = process.argv.slice(2)
const db = await DatabaseManager.open({ dataDir })
const server = await serve(db, { port: Number(port), writerToken: 'a writer token of some length' })
// Held open, so that nobody else can have its file.
if (held !== undefined) await db.acquire(held)
process.send?.(Number(new URL(server.url).port))
process.on('disconnect', () => process.exit())
