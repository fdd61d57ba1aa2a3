import { recordTrades, type RecordEvent } from '../../record/index.ts'
import { durationArgument, keepArgument, keptFor, positiveArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withManager } from '../manager.ts'
import { tradeExchange } from '../record/trade-exchange.ts'
import { recordView } from '../record/record-view.ts'

interface RecordCommandOptions extends CommonOptions {
  readonly backfill?: number
  readonly seconds?: number
  readonly silent?: number
  readonly keep?: number | 'forever'
}

export const addRecordCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('record'))
    .argument('<exchange>', 'one that ccxt knows, such as binance')
    .argument('<symbols...>', "ccxt's symbols, such as BTC/USDT")
    .option('--backfill <time>', 'fetch what came before, such as 1h', durationArgument)
    .option(
      '--keep <time>',
      'delete trades that are older, such as 7d, or keep them forever',
      keepArgument,
    )
    .option(
      '--silent <time>',
      'replace a connection without trades for so long (default: 60s)',
      durationArgument,
    )
    .option('--seconds <number>', 'stop after so many seconds', positiveArgument)
    .action((exchange: string, symbols: string[], options: RecordCommandOptions) =>
      record(exchange, symbols, options, context),
    )
}

async function record(
  name: string,
  symbols: readonly string[],
  { dataDir, json, backfill, seconds, silent, keep }: RecordCommandOptions,
  { terminal, signal: wish }: CliContext,
): Promise<void> {
  const make = await tradeExchange(name)
  const signal =
    seconds === undefined ? wish : AbortSignal.any([wish, AbortSignal.timeout(seconds * 1_000)])
  const view = recordView(`${name} → ${dataDir}`, terminal, json)
  await withManager({ dataDir, localSocket: true, terminal }, async (db) => {
    db.startCleanup()
    try {
      await recordTrades(db, make, symbols, {
        signal,
        backfillMs: backfill,
        silentMs: silent,
        retention: keep === undefined ? undefined : keptFor(keep),
        onEvent: (event: RecordEvent) => view.show(event),
      })
    } finally {
      view.end()
    }
  })
}
