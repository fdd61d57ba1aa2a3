import { formatPair, type Pair } from '../../pair.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { bytesText } from '../figures.ts'
import { isThere, pairBytes, storedPairs } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { textTable } from '../text-table.ts'

interface ListedPair extends Pair {
  readonly pair: string
  /** File and write-ahead log. */
  readonly bytes: number
}

export const addPairsCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('pairs')).action(async (options: CommonOptions) => {
    const exists = await isThere(options.dataDir)
    const pairs = await listed(options.dataDir, context)
    const { tableColumns, ink } = context.terminal
    printAnswer(context, options, {
      json: pairs,
      lines: () =>
        pairs.length === 0
          ? [`no pairs in ${options.dataDir}${exists ? '' : ': there is no such folder'}`]
          : [
              textTable(
                pairs,
                [
                  { title: 'pair', cell: ({ pair }) => pair, align: 'left' },
                  { title: 'size', cell: ({ bytes }) => bytesText(bytes) },
                ],
                { columns: tableColumns, ink },
              ),
            ],
    })
  })
}

/** From the folders alone: no file is opened, and an engine is not needed. */
async function listed(dataDir: string, context: CliContext): Promise<ListedPair[]> {
  const pairs = await storedPairs(dataDir, context)
  return Promise.all(
    pairs.map(async (pair) => ({
      pair: formatPair(pair),
      ...pair,
      bytes: await pairBytes(dataDir, pair),
    })),
  )
}
