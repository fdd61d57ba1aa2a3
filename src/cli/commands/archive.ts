import type { ArchiveResult } from '../../storage/upkeep/archive/archive-pair.ts'
import { countText, countedText, bytesText } from '../figures.ts'
import { durationArgument, momentArgument, pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { archiveFlag, chosenPairs, eachOf, noneStored, withStore } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'

interface ArchiveCommandOptions extends CommonOptions {
  readonly archive: string
  readonly olderThan?: number
  readonly keep?: number
  readonly now?: number | 'newest-tick'
  readonly compact: boolean
}

export const addArchiveCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('archive'))
    .argument('[pairs...]', 'exchange/market/symbol (default: all)')
    .addOption(archiveFlag().makeOptionMandatory())
    .option(
      '--older-than <age>',
      'archive what is older, as 2h or 30d, whatever the pairs’ retention says',
      durationArgument,
    )
    .option('--keep <age>', 'remove from the archive what is older, as 365d', durationArgument)
    .option('--compact', 'merge the parts of each day that is over and has several', false)
    .option(
      '--now <time>',
      'count ages from this time; newest-tick: from each pair’s newest tick',
      momentArgument,
    )
    .action(async (given: string[], options: ArchiveCommandOptions) => {
      const { dataDir, archive, keep, compact, now, olderThan } = options
      const wanted = given.map((text) => pairArgument(text))
      const results = await withStore<ArchiveResult[]>(
        {
          terminal: context.terminal,
          dataDir,
          archive: { to: archive, ...(keep !== undefined && { keepMs: keep }) },
        },
        () => noneStored(wanted, dataDir),
        async (db) => {
          const pairs = await chosenPairs(db, wanted, context)
          return eachOf(pairs, context, (pair) =>
            db.archivePair(pair, { now, compact, olderThanMs: olderThan, signal: context.signal }),
          )
        },
      )
      printAnswer(context, options, { json: results, lines: () => results.map(lineOf) })
    })
}

function lineOf({
  pair,
  archived,
  late,
  lateDuplicates,
  merged,
  expired,
  held,
}: ArchiveResult): string {
  const rows = Object.entries(archived).map(([name, count]) => `${countText(count)} ${name}`)
  return [
    `${pair}: ${rows.length === 0 ? 'nothing was due' : `archived ${rows.join(', ')}`}`,
    ...(late > 0 ? [countedText(late, 'late tick')] : []),
    ...(lateDuplicates > 0 ? [`${countText(lateDuplicates)} late ones were there`] : []),
    ...(merged > 0 ? [`${countedText(merged, 'part')} merged`] : []),
    ...(expired > 0 ? [`${countedText(expired, 'part')} removed`] : []),
    `the archive holds ${countedText(held.rows, 'row')} in ${countedText(held.parts, 'part')}, ${bytesText(held.bytes)}`,
  ].join('; ')
}
