import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { asUsage } from '../failure.ts'
import { bytesText } from '../figures.ts'
import { notStored, requireStored, withStore } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'

export const addSnapshotCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('snapshot'))
    .argument('<pair>', 'exchange/market/symbol', pairArgument)
    .argument('<file>', 'the copy; an older one is replaced')
    .action(async (pair: string, file: string, options: CommonOptions) => {
      const { dataDir } = options
      const report = await withStore(
        { dataDir },
        () => {
          throw notStored(pair, [], dataDir)
        },
        async (db) => {
          requireStored(pair, await db.listPairs(), dataDir)
          return db.snapshot(pair, file).catch(asUsage)
        },
      )
      printAnswer(context, options, {
        json: report,
        lines: () => [`${pair} copied to ${report.file}, ${bytesText(report.bytes)}`],
      })
    })
}
