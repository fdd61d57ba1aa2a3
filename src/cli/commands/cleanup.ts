import { setTimeout as delay } from 'node:timers/promises'
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../duration.ts'
import { countArgument, momentArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import { bytesText, countedText, countText, durationText, timeText } from '../figures.ts'
import { resolveRetention, type RetentionOptions } from '../../schema/retention-policy.ts'
import type { CleanupPass } from '../../storage/upkeep/maintenance.ts'
import { folderMissing, withStore, type Manager } from '../manager.ts'

interface CleanupCommandOptions extends CommonOptions {
  readonly watch: boolean
  readonly every: number
  readonly now?: number | 'newest-tick'
  readonly keep: RetentionOptions
}

export const addCleanupCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('cleanup'))
    .option('--watch', 'go on until stopped, each table as often as it needs', false)
    .option('--every <seconds>', 'how often --watch looks', countArgument, 60)
    .option(
      '--now <time>',
      'count ages from then; newest-tick: from each pair’s own',
      momentArgument,
    )
    .option(
      '--keep <table=age>',
      'how long a table is kept: 15m, 2h, 7d, forever (several times)',
      keepArgument,
      {},
    )
    .action(async (options: CleanupCommandOptions) => {
      if (options.watch && options.now !== undefined)
        throw new UsageError('--now goes with one pass, not with --watch')
      const opened = { dataDir: options.dataDir, retention: options.keep }
      checkedUsage(() => resolveRetention(options.keep))
      await withStore<void>(
        opened,
        // A schedule with a wrong folder has to hear of it: nothing would ever be deleted.
        () => {
          throw folderMissing(options.dataDir)
        },
        (db) => (options.watch ? watch : once)(db, options, context),
      )
    })
}

async function once(
  db: Manager,
  options: CleanupCommandOptions,
  context: CliContext,
): Promise<void> {
  const { now } = options
  const { signal, terminal } = context
  const pass = await db.cleanupAllPairs({ signal, ...(now === undefined ? {} : { now }) })
  if (options.json) terminal.printJson(pass)
  else terminal.print(passLines(pass).join('\n'))
  if (pass.results.some(({ skipped }) => skipped !== undefined && !passes(skipped)))
    context.exitCode = 1
}

/** Whether what stood in a pair's way goes by itself, so that a later pass does the work. */
function passes(skipped: string): boolean {
  return /^(?:PAIR_LOCKED|checkpoint deferred):/.test(skipped)
}

/** One line, or one JSON document, per pass; the next begins when the last has ended. */
async function watch(
  db: Manager,
  { every, json }: CleanupCommandOptions,
  { signal, terminal, now }: CliContext,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const pass = await db.cleanupAllPairs({ dueOnly: true, signal })
      if (json) terminal.printJson(pass)
      else terminal.print(`${timeText(now())} ${summaryLine(pass)}`)
      await delay(every * 1_000, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

function passLines(pass: CleanupPass): string[] {
  return [
    ...pass.results.flatMap((result) => {
      const deleted = Object.entries(result.deleted).map(
        ([relation, rows]) => `${countText(rows)} ${relation}`,
      )
      if (result.skipped !== undefined) return [`${result.pair}: skipped: ${result.skipped}`]
      return deleted.length === 0
        ? []
        : [
            `${result.pair}: deleted ${deleted.join(', ')}; ${bytesText(result.bytesBefore)} → ${bytesText(result.bytesAfter)}`,
          ]
    }),
    summaryLine(pass),
  ]
}

function summaryLine(pass: CleanupPass): string {
  const freed = pass.bytesBefore - pass.bytesAfter
  return [
    `${countedText(pass.pairs, 'pair')}, ${countedText(pass.deletedRows, 'row')} deleted`,
    ...(freed > 0 ? [`${bytesText(freed)} freed`] : []),
    ...(pass.skipped > 0 ? [`${countText(pass.skipped)} skipped`] : []),
    durationText(pass.tookMs),
  ].join(', ')
}

function keepArgument(text: string, before: RetentionOptions): RetentionOptions {
  const [table, age] = text.split('=')
  const keepMs = age === 'forever' ? 'forever' : parseDuration(age ?? '')
  if (table === undefined || keepMs === undefined)
    throw new InvalidArgumentError('Expected a table and an age, such as ticks=2h.')
  return { ...before, [table]: keepMs }
}
