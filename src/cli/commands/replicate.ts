import { readFile } from 'node:fs/promises'
import { replicate, type ReplicateReport } from '../../client/replicate.ts'
import { formatPair } from '../../pair.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { durationArgument, keepArgument, keptFor, pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { asUsage } from '../failure.ts'
import { countText, countedText } from '../figures.ts'
import { withManager, type Manager } from '../manager.ts'
import { pauseUntil } from '../pause-until.ts'
import { printAnswer } from '../pair-command.ts'

interface ReplicateCommandOptions extends CommonOptions {
  readonly every?: number
  readonly overlap?: number
  readonly keep?: number | 'forever'
  readonly ca?: string
}

export const addReplicateCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('replicate'))
    .argument('<from>', 'the address of `pairduck serve`, or a data directory that a process has')
    .argument('[pairs...]', 'exchange/market/symbol (default: all that it has)')
    .option('--every <time>', 'again and again until stopped, such as 1m', durationArgument)
    .option(
      '--overlap <time>',
      'read again what is newer than this before the newest tick (default: 1h)',
      durationArgument,
    )
    .option(
      '--keep <time>',
      'delete ticks here that are older, such as 7d, or keep everything forever (default: 15 minutes)',
      keepArgument,
    )
    .option('--ca <file>', 'the authority that signed the server’s certificate (PEM)')
    .addHelpText('after', '\nThe server’s token is PAIRDUCK_TOKEN of the environment.')
    .action(async (from: string, given: string[], options: ReplicateCommandOptions) => {
      const wanted = given.map((text) => pairArgument(text))
      const { dataDir, every, keep } = options
      const owner = await ownerAt(from, options)
      try {
        await withManager(
          {
            terminal: context.terminal,
            dataDir,
            ...(keep !== undefined && { retention: keptFor(keep) }),
          },
          async (db) => {
            const copy = async (): Promise<void> =>
              print(context, options, await copyPairs(owner, db, { wanted, options, context }))
            await copy()
            if (every === undefined) return
            await pauseUntil(every, context.signal)
            while (!context.signal.aborted) {
              await copy()
              await pauseUntil(every, context.signal)
            }
          },
        )
      } finally {
        await owner.close()
      }
    })
}

async function ownerAt(from: string, { ca }: ReplicateCommandOptions): Promise<MarketStore> {
  const { connect } = await import('../../client/connect.ts')
  const token = process.env['PAIRDUCK_TOKEN']
  const options = {
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { ca: await readFile(ca, 'utf8') }),
  }
  return connect(/^https?:\/\//.test(from) ? from : { dataDir: from }, options).catch(asUsage)
}

async function copyPairs(
  owner: MarketStore,
  db: Manager,
  {
    wanted,
    options,
    context,
  }: { wanted: readonly string[]; options: ReplicateCommandOptions; context: CliContext },
): Promise<ReplicateReport[]> {
  const pairs = wanted.length > 0 ? wanted : (await owner.listPairs()).map(formatPair)
  const reports: ReplicateReport[] = []
  for (const pair of pairs) {
    const { signal } = context
    if (signal.aborted) break
    reports.push(
      await replicate(owner, db, pair, { overlapMs: options.overlap, signal }).catch(asUsage),
    )
  }
  return reports
}

function print(
  context: CliContext,
  options: ReplicateCommandOptions,
  reports: readonly ReplicateReport[],
): void {
  printAnswer(context, options, { json: reports, lines: () => reports.map(lineOf) })
}

function lineOf({ pair, read, inserted, expired, gaps }: ReplicateReport): string {
  return [
    `${pair}: ${countedText(inserted, 'tick')} stored of ${countText(read)} that were read`,
    ...(expired > 0 ? [`${countText(expired)} older than what is kept here`] : []),
    ...(gaps > 0 ? [`${countedText(gaps, 'gap')} noted`] : []),
  ].join('; ')
}
