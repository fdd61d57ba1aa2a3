import { formatPair, type Pair } from '../../pair.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { bytesText } from '../figures.ts'
import { pairBytes, withStore } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { textTable } from '../text-table.ts'

interface ListedPair extends Pair {
  readonly pair: string
  /** File and write-ahead log. */
  readonly bytes: number
}

export const addPairsCommand: AddCommand = (program, context) => {
  withCommonOptions(
    program.command('pairs').description('List the stored pairs and their sizes.'),
  ).action(async (options: CommonOptions) => {
    const pairs = await listed(options.dataDir)
    const { tableColumns, ink } = context.terminal
    printAnswer(context, options, {
      json: pairs,
      lines: () =>
        pairs.length === 0
          ? [`no pairs in ${options.dataDir}`]
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

async function listed(dataDir: string): Promise<ListedPair[]> {
  return withStore<ListedPair[]>(
    { dataDir },
    () => [],
    async (db) => {
      const pairs = await db.listPairs()
      return Promise.all(
        pairs.map(async (pair) => ({
          pair: formatPair(pair),
          ...pair,
          bytes: await pairBytes(db.dataDir, pair),
        })),
      )
    },
  )
}
