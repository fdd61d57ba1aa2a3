/** Records a stand-in exchange until it is killed; says each time that something is stored. */
import { DatabaseManager } from '../../../src/index.ts'
import { recordTrades } from '../../../src/record/index.ts'
import { ccxtClient } from './ccxt-client.ts'
import type { ExchangeName } from './wire-formats.ts'

const [dataDir, name, port, symbol] = process.argv.slice(2) as [
  string,
  ExchangeName,
  string,
  string,
]
// A test that is killed tells nobody: its end is the end of the channel.
process.on('disconnect', () => process.exit(1))
const db = await DatabaseManager.open({ dataDir })
await recordTrades(db, () => ccxtClient(name, Number(port)), [symbol], {
  onEvent: (event) => {
    if (event.type === 'stored') process.send?.(event.counts.inserted)
  },
})
