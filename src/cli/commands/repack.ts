import { Option } from 'commander'
import type { BlockSize } from '../../storage/duckdb/block-size.ts'
import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { blockText, bytesText } from '../figures.ts'
import { notStored, requireStored, withStore } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'

const sizes: Readonly<Record<string, BlockSize>> = { '16k': 16_384, '64k': 65_536, '256k': 262_144 }

interface RepackCommandOptions extends CommonOptions {
  readonly blockSize?: string
}

export const addRepackCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('repack'))
    .argument('<pair>', 'exchange/market/symbol', pairArgument)
    .addOption(
      new Option(
        '--block-size <size>',
        'of the file (default: 64k where ticks are kept for a day or longer, else 16k)',
      ).choices(Object.keys(sizes)),
    )
    .action(async (pair: string, options: RepackCommandOptions) => {
      const { dataDir, blockSize } = options
      const report = await withStore(
        { dataDir, terminal: context.terminal },
        () => {
          throw notStored(pair, [], dataDir)
        },
        async (db) => {
          await requireStored(pair, await db.listPairs(), dataDir)
          return db.repack(pair, {
            blockSize: blockSize === undefined ? undefined : sizes[blockSize],
          })
        },
      )
      printAnswer(context, options, {
        json: report,
        lines: () => [
          `${report.pair}: ${bytesText(report.bytesBefore)} in blocks of ${blockText(report.blockSizeBefore)} → ${bytesText(report.bytesAfter)} in blocks of ${blockText(report.blockSizeAfter)}`,
        ],
      })
    })
}
