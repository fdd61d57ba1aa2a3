import { DatabaseManager } from '../../src/index.ts'

// Imports standard input into the data directory and pair of its arguments; prints the report.
const [dataDir, pair] = process.argv.slice(2) as [string, string]
const store = await DatabaseManager.open({ dataDir })
console.log(JSON.stringify(await store.importTicks(pair, '-')))
await store.close()
