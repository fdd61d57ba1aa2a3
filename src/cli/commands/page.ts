import { writeFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { timeframeMs, timeframes, type Timeframe } from '../../time.ts'
import { query } from '../../queries/query.ts'
import { pairArgument, timeArgument, timeframeArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { UsageError } from '../failure.ts'
import { bytesText } from '../figures.ts'
import { notStored, requireStored, withStore, type Manager } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { writeError } from '../picture-file.ts'

interface PageOptions extends CommonOptions {
  readonly pair: string
  readonly from?: number
  readonly to?: number
  readonly timeframe: Timeframe
}

export const addPageCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('page'))
    .argument('<file>', 'the document; an older one is replaced', htmlFile)
    .requiredOption('--pair <pair>', 'exchange/market/symbol', pairArgument)
    .option('--from <time>', 'first moment to show (default: the oldest trade)', timeArgument)
    .option('--to <time>', 'first moment after it (default: after the newest trade)', timeArgument)
    .option(
      '--timeframe <length>',
      `length of a bar: ${timeframes.join(' ')}`,
      timeframeArgument,
      '1m',
    )
    .action(async (file: string, options: PageOptions) => {
      const { dataDir, pair, timeframe } = options
      const html = await withStore(
        { dataDir, terminal: context.terminal },
        () => {
          throw notStored(pair, [], dataDir)
        },
        async (db) => {
          await requireStored(pair, await db.listPairs(), dataDir)
          const range = await rangeOf(db, options)
          const { readPageFiles } = await import('../../serve/page/page-files.ts')
          const { fixedData } = await import('../page/fixed-data.ts')
          const { fixedPage } = await import('../page/fixed-page.ts')
          const data = await fixedData(db, { pair, timeframe, ...range })
          return fixedPage(await readPageFiles(), `${pair} ${timeframe} · pairduck`, data)
        },
      )
      await writeFile(file, html).catch((error: unknown) => {
        throw writeError(file, error)
      })
      const bytes = Buffer.byteLength(html)
      printAnswer(context, options, {
        json: { file, pair, timeframe, bytes },
        lines: () => [`${pair} drawn in ${file}, ${bytesText(bytes)}: open it in a browser`],
      })
    })
}

const storedRange = query<{ oldest: number | null; newest: number | null }>(
  'storedRange',
  `SELECT min(timestamp) AS "oldest", max(timestamp) AS "newest" FROM ticks`,
)

function htmlFile(text: string): string {
  if (!/\.html?$/i.test(text)) throw new InvalidArgumentError('Expected a file that ends in .html.')
  return text
}

/** What was asked for; what is left open is the stored trades' own. */
async function rangeOf(
  db: Manager,
  { pair, from, to, timeframe }: PageOptions,
): Promise<{ from: number; to: number }> {
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError('--from is not before --to')
  if (from !== undefined && to !== undefined) return { from, to }
  const [stored] = await db.query(pair, storedRange)
  const { oldest = null, newest = null } = stored ?? {}
  if (oldest === null || newest === null)
    throw new UsageError(`${pair} holds no trades: give --from and --to`)
  // The first bar whole: a bar belongs to the range when it opens inside it.
  const width = timeframeMs[timeframe]
  return { from: from ?? Math.floor(oldest / width) * width, to: to ?? newest + 1 }
}
