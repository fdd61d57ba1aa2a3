import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { AddCommand } from './command.ts'
import type { CliContext } from './context.ts'
import { oneLine } from './failure.ts'

/**
 * Every command by its name, in the groups of the help. Only the one that is asked for is loaded:
 * all of them with what they need take longer than most of them run.
 */
const groups: Readonly<Record<string, Readonly<Record<string, () => Promise<AddCommand>>>>> = {
  'Market data:': {
    demo: async () => (await import('./commands/demo.ts')).addDemoCommand,
    import: async () => (await import('./commands/import.ts')).addImportCommand,
    pairs: async () => (await import('./commands/pairs.ts')).addPairsCommand,
    stats: async () => (await import('./commands/stats.ts')).addStatsCommand,
    cleanup: async () => (await import('./commands/cleanup.ts')).addCleanupCommand,
    verify: async () => (await import('./commands/verify.ts')).addVerifyCommand,
    repair: async () => (await import('./commands/repair.ts')).addRepairCommand,
    snapshot: async () => (await import('./commands/snapshot.ts')).addSnapshotCommand,
    sql: async () => (await import('./commands/sql.ts')).addSqlCommand,
  },
  'Analytics:': {
    candles: async () => (await import('./commands/candles.ts')).addCandlesCommand,
    cvd: async () => (await import('./commands/cvd.ts')).addCvdCommand,
    imbalance: async () => (await import('./commands/imbalance.ts')).addImbalanceCommand,
    profile: async () => (await import('./commands/profile.ts')).addProfileCommand,
    footprint: async () => (await import('./commands/footprint.ts')).addFootprintCommand,
    fvg: async () => (await import('./commands/fvg.ts')).addFvgCommand,
    zones: async () => (await import('./commands/zones.ts')).addZonesCommand,
    vwap: async () => (await import('./commands/vwap.ts')).addVwapCommand,
    tpo: async () => (await import('./commands/tpo.ts')).addTpoCommand,
    trades: async () => (await import('./commands/trades.ts')).addTradesCommand,
    analytics: async () => (await import('./commands/analytics.ts')).addAnalyticsCommand,
  },
  'Account mirror:': {
    valkey: async () => (await import('./commands/valkey.ts')).addValkeyCommand,
    mirror: async () => (await import('./commands/mirror.ts')).addMirrorCommand,
    orders: async () => (await import('./commands/orders.ts')).addOrdersCommand,
    balances: async () => (await import('./commands/balances.ts')).addBalancesCommand,
    book: async () => (await import('./commands/book.ts')).addBookCommand,
    report: async () => (await import('./commands/report.ts')).addReportCommand,
  },
  'Cluster:': {
    worker: async () => (await import('./commands/worker.ts')).addWorkerCommand,
    workers: async () => (await import('./commands/workers.ts')).addWorkersCommand,
  },
}

/** The command line, ready to parse these arguments; nothing in it exits the process. */
export async function makeProgram(context: CliContext, args: readonly string[]): Promise<Command> {
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
  const named = args.find((arg) => !arg.startsWith('-')) ?? ''
  // Help and a mistyped name need to know them all.
  const known = Object.values(groups).some((commands) => Object.hasOwn(commands, named))
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const [name, load] of Object.entries(commands)) {
      if (!known || name === named) (await load())(program, context)
    }
  }
  return program
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
