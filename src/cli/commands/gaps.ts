import { formatPair } from '../../pair.ts'
import type { Gap } from '../../schema/gaps.ts'
import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { countText, timeText } from '../figures.ts'
import { chosenPairs, eachOf, noneStored, withStore } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { textTable } from '../text-table.ts'

interface GapsOptions extends CommonOptions {
  readonly all: boolean
}

interface ListedGap extends Gap {
  readonly pair: string
}

export const addGapsCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('gaps'))
    .argument('[pairs...]', 'exchange/market/symbol (default: all)')
    .option('--all', 'list gaps that were filled, too', false)
    .action(async (given: string[], options: GapsOptions) => {
      const { dataDir, all } = options
      const wanted = given.map((text) => pairArgument(text))
      const gaps = await withStore<ListedGap[]>(
        { dataDir, terminal: context.terminal },
        () => noneStored(wanted, dataDir),
        async (db) => {
          const pairs = await chosenPairs(db, wanted, context)
          const found = await eachOf(pairs, context, async (pair) =>
            (await db.gaps(pair, { signal: context.signal }))
              .filter(({ state }) => all || state !== 'filled')
              .map((gap) => ({ pair: formatPair(pair), ...gap })),
          )
          return found.flat()
        },
      )
      printAnswer(context, options, { json: gaps, lines: () => gapLines(context, gaps, all) })
    })
}

function gapLines({ terminal }: CliContext, gaps: readonly ListedGap[], all: boolean): string[] {
  const { tableColumns, ink } = terminal
  if (gaps.length === 0) return [all ? 'no gaps are known' : 'no gaps are open']
  return [
    textTable(
      gaps,
      [
        { title: 'pair', cell: ({ pair }) => pair, align: 'left' },
        { title: 'from (UTC)', cell: ({ fromTime }) => timeText(fromTime), align: 'left' },
        { title: 'to', cell: ({ toTime }) => timeText(toTime), align: 'left' },
        { title: 'missing', cell: missingText },
        { title: 'state', cell: ({ state }) => state, align: 'left' },
        { title: 'tries', cell: ({ tries }) => countText(tries) },
        { title: 'reason', cell: ({ reason }) => reason ?? '–', align: 'left' },
      ],
      { columns: tableColumns, ink },
    ),
  ]
}

/** How many trades are missing, where ids count them. */
function missingText({ fromId, toId, state }: Gap): string {
  const isCounted = /^\d+$/.test(fromId ?? '') && /^\d+$/.test(toId ?? '')
  if (!isCounted || state === 'unproved') return '–'
  return countText(Number(BigInt(toId!) - BigInt(fromId!) - 1n))
}
