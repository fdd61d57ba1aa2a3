import type { AddCommand } from './command.ts'

/** A command as the help lists it; what it needs is loaded when it is asked for. */
export interface ListedCommand {
  /** Options and arguments, as behind `Usage:`. */
  readonly usage: string
  readonly description: string
  readonly load: () => Promise<AddCommand>
}

/** Every command by its name, in the groups of the help. */
export const commandGroups: Readonly<Record<string, Readonly<Record<string, ListedCommand>>>> = {
  'Market data:': {
    demo: {
      usage: '[options]',
      description:
        'A simulated market on several pairs, into files, and the analytics on the screen.',
      load: async () => (await import('./commands/demo.ts')).addDemoCommand,
    },
    import: {
      usage: '[options] [pair] [files...]',
      description:
        'Store the trades of a file; importing it again adds only what is missing. Reads csv, JSON and Parquet, also in gz, zst and zip.',
      load: async () => (await import('./commands/import.ts')).addImportCommand,
    },
    pairs: {
      usage: '[options]',
      description: 'List the stored pairs and their sizes.',
      load: async () => (await import('./commands/pairs.ts')).addPairsCommand,
    },
    record: {
      usage: '[options] <exchange> <symbols...>',
      description:
        'Record live trades of an exchange until stopped, and show rate, lag and gaps of each pair.',
      load: async () => (await import('./commands/record.ts')).addRecordCommand,
    },
    gaps: {
      usage: '[options] [pairs...]',
      description: 'Holes in the recorded trades: what is missing, and why.',
      load: async () => (await import('./commands/gaps.ts')).addGapsCommand,
    },
    stats: {
      usage: '[options] [pairs...]',
      description: 'What is stored: rows, oldest and newest time of every table, and file sizes.',
      load: async () => (await import('./commands/stats.ts')).addStatsCommand,
    },
    cleanup: {
      usage: '[options]',
      description:
        'Delete what retention says and free the space: once (for cron), or with --watch.',
      load: async () => (await import('./commands/cleanup.ts')).addCleanupCommand,
    },
    archive: {
      usage: '[options] [pairs...]',
      description:
        'Move what is older than its retention into Parquet files of closed days; `--history` reads them.',
      load: async () => (await import('./commands/archive.ts')).addArchiveCommand,
    },
    verify: {
      usage: '[options] [pairs...]',
      description: 'Read every column of every table and say what is damaged or missing.',
      load: async () => (await import('./commands/verify.ts')).addVerifyCommand,
    },
    repair: {
      usage: '[options] <pair>',
      description:
        'Make a damaged pair usable: its files go to quarantine, what can be read is kept.',
      load: async () => (await import('./commands/repair.ts')).addRepairCommand,
    },
    repack: {
      usage: '[options] <pair>',
      description:
        'Write a pair’s file anew with the size of blocks that suits how long its ticks are kept.',
      load: async () => (await import('./commands/repack.ts')).addRepackCommand,
    },
    snapshot: {
      usage: '[options] <pair> [file]',
      description:
        'Write a consistent copy of a pair that other programs can open, once or again and again.',
      load: async () => (await import('./commands/snapshot.ts')).addSnapshotCommand,
    },
    replicate: {
      usage: '[options] <from> [pairs...]',
      description:
        'Bring the ticks and gaps that another process’s store has and this data directory lacks, once or again and again.',
      load: async () => (await import('./commands/replicate.ts')).addReplicateCommand,
    },
    export: {
      usage: '[options] <pair> [what] [file]',
      description:
        'Write trades, candles or any analytic to a file or stdout: Parquet, CSV, NDJSON, JSON, Arrow.',
      load: async () => (await import('./commands/export.ts')).addExportCommand,
    },
    sql: {
      usage: '[options] <pair> <select>',
      description:
        'Ask a pair anything in DuckDB’s SQL; its tables are ticks, candles_1m, order_flow …',
      load: async () => (await import('./commands/sql.ts')).addSqlCommand,
    },
    serve: {
      usage: '[options]',
      description: 'Answer other programs over HTTP: JSON, CSV, Arrow, events, charts, metrics.',
      load: async () => (await import('./commands/serve.ts')).addServeCommand,
    },
    page: {
      usage: '[options] <file>',
      description:
        'Write a range of a pair into one HTML file: bars, volume, delta, gaps, zones, profile, footprint.',
      load: async () => (await import('./commands/page.ts')).addPageCommand,
    },
  },
  'Analytics:': {
    candles: {
      usage: '[options] <pair>',
      description:
        'Open, high, low, close and volume of each bar, as a chart with the volume below.',
      load: async () => (await import('./commands/candles.ts')).addCandlesCommand,
    },
    cvd: {
      usage: '[options] <pair>',
      description: 'Cumulative volume delta: what takers bought less what they sold, as a line.',
      load: async () => (await import('./commands/cvd.ts')).addCvdCommand,
    },
    imbalance: {
      usage: '[options] <pair>',
      description:
        'How far buying takers outweigh selling ones: bought ÷ sold; or diagonally, price by price.',
      load: async () => (await import('./commands/imbalance.ts')).addImbalanceCommand,
    },
    profile: {
      usage: '[options] <pair>',
      description: 'Volume at each price, with the point of control and the value area.',
      load: async () => (await import('./commands/profile.ts')).addProfileCommand,
    },
    footprint: {
      usage: '[options] <pair>',
      description:
        'What was sold and bought at each price of each bar, as a grid; imbalances marked.',
      load: async () => (await import('./commands/footprint.ts')).addFootprintCommand,
    },
    fvg: {
      usage: '[options] <pair>',
      description:
        'Fair value gaps: three bars whose first and last do not overlap, and their fills.',
      load: async () => (await import('./commands/fvg.ts')).addFvgCommand,
    },
    zones: {
      usage: '[options] <pair>',
      description: 'Supply and demand zones: turning points on more volume than usual.',
      load: async () => (await import('./commands/zones.ts')).addZonesCommand,
    },
    vwap: {
      usage: '[options] <pair>',
      description: 'Volume-weighted average price with bands of standard deviations.',
      load: async () => (await import('./commands/vwap.ts')).addVwapCommand,
    },
    tpo: {
      usage: '[options] <pair>',
      description: 'Time at each price: a letter per half hour, per session; needs long retention.',
      load: async () => (await import('./commands/tpo.ts')).addTpoCommand,
    },
    trades: {
      usage: '[options] <pair>',
      description:
        'The newest trades; or the large ones, volume by trade size, bursts of the tape.',
      load: async () => (await import('./commands/trades.ts')).addTradesCommand,
    },
    analytics: {
      usage: '[options] [pairs...]',
      description:
        'Bring the tables order_flow, market_profile, supply_demand_zones and fair_value_gaps up to date: once, or with --watch.',
      load: async () => (await import('./commands/analytics.ts')).addAnalyticsCommand,
    },
  },
  'Account mirror:': {
    valkey: {
      usage: '[options] [command]',
      description: 'A Valkey server on this machine, for development: 127.0.0.1 only.',
      load: async () => (await import('./commands/valkey.ts')).addValkeyCommand,
    },
    mirror: {
      usage: '[options] [exchange]',
      description:
        'Mirror an account into Valkey until stopped, and show it: a table, in a pipe its changes.',
      load: async () => (await import('./commands/mirror.ts')).addMirrorCommand,
    },
    orders: {
      usage: '[options] [symbol]',
      description:
        'The mirrored open orders, the newest first; with --id one order and its history.',
      load: async () => (await import('./commands/orders.ts')).addOrdersCommand,
    },
    balances: {
      usage: '[options]',
      description: 'The mirrored balances: what is free, and what is locked in orders.',
      load: async () => (await import('./commands/balances.ts')).addBalancesCommand,
    },
    book: {
      usage: '[options] <symbol>',
      description: 'The account’s own open limit orders of one market, added up by price.',
      load: async () => (await import('./commands/book.ts')).addBookCommand,
    },
    report: {
      usage: '[options]',
      description: 'What the account did on a UTC day: trades, realised profit, fees, balances.',
      load: async () => (await import('./commands/report.ts')).addReportCommand,
    },
  },
  'Shell:': {
    completion: {
      usage: '[options] <shell> [words...]',
      description: 'Print the script that completes commands, options and pairs in a shell.',
      load: async () => (await import('./commands/completion.ts')).addCompletionCommand,
    },
  },
  'Cluster:': {
    worker: {
      usage: '[options]',
      description: 'Store what producers send to a cluster, for this process’s share of the pairs.',
      load: async () => (await import('./commands/worker.ts')).addWorkerCommand,
    },
    workers: {
      usage: '[options]',
      description:
        'The workers of a cluster: who holds how many slots, and what waits to be stored.',
      load: async () => (await import('./commands/workers.ts')).addWorkersCommand,
    },
  },
}
