import { dirname, join } from 'node:path'
import { parsePair, symbolToFolder } from '../../pair.ts'
import type { SnapshotReport } from '../../storage/upkeep/snapshot.ts'
import { makeFolder } from '../../sync-folder.ts'
import { durationArgument, pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { asUsage, UsageError } from '../failure.ts'
import { bytesText } from '../figures.ts'
import { notStored, requireStored, withStore } from '../manager.ts'
import { pauseUntil } from '../pause-until.ts'
import { printAnswer } from '../pair-command.ts'

interface SnapshotCommandOptions extends CommonOptions {
  readonly to?: string
  readonly every?: number
}

export const addSnapshotCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('snapshot'))
    .argument('<pair>', 'exchange/market/symbol', pairArgument)
    .argument('[file]', 'the copy; an older one is replaced')
    .option('--to <folder>', 'instead of a file: <folder>/exchange/market/symbol.duckdb')
    .option('--every <time>', 'again and again until stopped, such as 1m', durationArgument)
    .action(async (pair: string, file: string | undefined, options: SnapshotCommandOptions) => {
      const target = await targetOf(pair, file, options)
      const { dataDir, every } = options
      await withStore(
        { dataDir, terminal: context.terminal },
        () => {
          throw notStored(pair, [], dataDir)
        },
        async (db) => {
          await requireStored(pair, await db.listPairs(), dataDir)
          // One that is made again soon is not worth being made small.
          const write = (): Promise<SnapshotReport> =>
            db.snapshot(pair, target, { compact: every === undefined }).catch(asUsage)
          print(context, options, await write())
          if (every === undefined) return
          await pauseUntil(every, context.signal)
          while (!context.signal.aborted) {
            print(context, options, await write())
            await pauseUntil(every, context.signal)
          }
        },
      )
    })
}

async function targetOf(
  pair: string,
  file: string | undefined,
  { to }: SnapshotCommandOptions,
): Promise<string> {
  if ((file === undefined) === (to === undefined))
    throw new UsageError('give a file, or a folder with --to')
  if (to === undefined) return file!
  const { exchange, market, symbol } = parsePair(pair)
  const target = join(to, exchange, market, `${symbolToFolder(symbol)}.duckdb`)
  await makeFolder(dirname(target))
  return target
}

function print(context: CliContext, options: SnapshotCommandOptions, report: SnapshotReport): void {
  printAnswer(context, options, {
    json: report,
    lines: () => [`${report.pair} copied to ${report.file}, ${bytesText(report.bytes)}`],
  })
}
