import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAnalyticsCommand } from './commands/analytics.ts'
import { addBalancesCommand } from './commands/balances.ts'
import { addBookCommand } from './commands/book.ts'
import { addCandlesCommand } from './commands/candles.ts'
import { addCleanupCommand } from './commands/cleanup.ts'
import { addCvdCommand } from './commands/cvd.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addFootprintCommand } from './commands/footprint.ts'
import { addFvgCommand } from './commands/fvg.ts'
import { addImbalanceCommand } from './commands/imbalance.ts'
import { addImportCommand } from './commands/import.ts'
import { addMirrorCommand } from './commands/mirror.ts'
import { addOrdersCommand } from './commands/orders.ts'
import { addPairsCommand } from './commands/pairs.ts'
import { addProfileCommand } from './commands/profile.ts'
import { addRepairCommand } from './commands/repair.ts'
import { addReportCommand } from './commands/report.ts'
import { addSnapshotCommand } from './commands/snapshot.ts'
import { addSqlCommand } from './commands/sql.ts'
import { addStatsCommand } from './commands/stats.ts'
import { addTpoCommand } from './commands/tpo.ts'
import { addTradesCommand } from './commands/trades.ts'
import { addValkeyCommand } from './commands/valkey.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { addVwapCommand } from './commands/vwap.ts'
import { addZonesCommand } from './commands/zones.ts'
import type { AddCommand } from './command.ts'
import type { CliContext } from './context.ts'
import { oneLine } from './failure.ts'

const commands: readonly AddCommand[] = [
  addDemoCommand,
  addImportCommand,
  addPairsCommand,
  addStatsCommand,
  addCleanupCommand,
  addVerifyCommand,
  addRepairCommand,
  addSnapshotCommand,
  addSqlCommand,
  addCandlesCommand,
  addCvdCommand,
  addImbalanceCommand,
  addProfileCommand,
  addFootprintCommand,
  addFvgCommand,
  addZonesCommand,
  addVwapCommand,
  addTpoCommand,
  addTradesCommand,
  addAnalyticsCommand,
  addValkeyCommand,
  addMirrorCommand,
  addOrdersCommand,
  addBalancesCommand,
  addBookCommand,
  addReportCommand,
]

/** The whole command line, ready to parse; nothing in it exits the process. */
export function makeProgram(context: CliContext): Command {
  const program = new Command('pairduck')
    .description('Market data in one DuckDB file per trading pair, with order-flow analytics.')
    .version(packageVersion())
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ helpWidth: context.terminal.columns })
    .configureOutput({
      writeOut: (text) => context.terminal.print(text),
      writeErr: (text) => context.terminal.note(text.trimEnd()),
      outputError: (text, write) => write(oneLine(text.replace(/^error: /, ''))),
    })
    .addHelpText(
      'after',
      '\nA pair is exchange/market/symbol, for example binance/spot/BTCUSDT.\nTimes are UTC: ISO 8601 or Unix milliseconds.',
    )
  for (const addCommand of commands) addCommand(program, context)
  return program
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
