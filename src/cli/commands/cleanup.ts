import { setTimeout as delay } from 'node:timers/promises'
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../duration.ts'
import { countArgument, momentArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import { bytesText, countedText, countText, durationText, timeText } from '../figures.ts'
import { resolveRules } from '../../schema/retention-policy.ts'
import type { CleanupPass } from '../../storage/upkeep/cleanup-pass.ts'
import { archiveFlag, noneStored, storedPairs, withStore, type Manager } from '../manager.ts'

type KeepOptions = Readonly<Record<string, number | 'forever'>>

interface CleanupCommandOptions extends CommonOptions {
  readonly watch: boolean
  readonly every?: number
  readonly dryRun: boolean
  readonly archive?: string
  readonly now?: number | 'newest-tick'
  readonly keep: KeepOptions
}

export const addCleanupCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('cleanup'))
    .option('--watch', 'go on until stopped, and clean each table when it is due', false)
    .option('--every <seconds>', 'how often --watch looks (default: 60)', countArgument)
    .addOption(archiveFlag())
    .option('--dry-run', 'delete nothing, tell what would be deleted', false)
    .option(
      '--now <time>',
      'count ages from this time; newest-tick: from each pair’s newest tick',
      momentArgument,
    )
    .option(
      '--keep <table=age>',
      'for this call alone: how long a table is kept, as 15m, 2h, 7d, forever; may be repeated',
      keepArgument,
      {},
    )
    .action(async (options: CleanupCommandOptions) => {
      if (options.watch && options.now !== undefined)
        throw new UsageError('--now goes with one pass, not with --watch')
      if (options.watch && options.dryRun)
        throw new UsageError('--dry-run goes with one pass, not with --watch')
      if (options.every !== undefined && !options.watch)
        throw new UsageError('--every goes with --watch')
      checkedUsage(() => resolveRules(options.keep))
      await withStore<void>(
        {
          terminal: context.terminal,
          dataDir: options.dataDir,
          ...(options.archive !== undefined && { archive: options.archive }),
        },
        () => noneStored([], options.dataDir),
        (db) => (options.watch ? watch : once)(db, options, context),
      )
    })
}

async function once(
  db: Manager,
  options: CleanupCommandOptions,
  context: CliContext,
): Promise<void> {
  const { now, keep, dryRun } = options
  const { signal, terminal } = context
  const pass = await db.cleanupAllPairs({ signal, now, keep, dryRun })
  // What cannot be looked at is no pair of the pass: it is named, and has failed.
  await storedPairs(options.dataDir, context)
  if (options.json) terminal.printJson(pass)
  else terminal.print(passLines(pass, dryRun).join('\n'))
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
  { dataDir, every = 60, json, keep }: CleanupCommandOptions,
  context: CliContext,
): Promise<void> {
  const { signal, terminal, now } = context
  while (!signal.aborted) {
    try {
      const pass = await db.cleanupAllPairs({ dueOnly: true, signal, keep })
      await storedPairs(dataDir, context)
      if (json) terminal.printJson(pass)
      else terminal.print(`${timeText(now())} ${summaryLine(pass)}`)
      await delay(every * 1_000, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

function passLines(pass: CleanupPass, dryRun: boolean): string[] {
  return [
    ...pass.results.flatMap((result) => {
      const deleted = Object.entries(result.deleted).map(
        ([relation, rows]) => `${countText(rows)} ${relation}`,
      )
      const archived = Object.entries(result.archived ?? {}).map(
        ([relation, rows]) => `${countText(rows)} ${relation}`,
      )
      if (archived.length > 0) deleted.push(`archived ${archived.join(', ')}`)
      if (result.skipped !== undefined) return [`${result.pair}: skipped: ${result.skipped}`]
      return deleted.length === 0
        ? []
        : dryRun
          ? [`${result.pair}: would delete ${deleted.join(', ')}`]
          : [
              `${result.pair}: deleted ${deleted.join(', ')}; ${bytesText(result.bytesBefore)} → ${bytesText(result.bytesAfter)}`,
            ]
    }),
    summaryLine(pass, dryRun),
  ]
}

function summaryLine(pass: CleanupPass, dryRun = false): string {
  const freed = pass.bytesBefore - pass.bytesAfter
  return [
    `${countedText(pass.pairs, 'pair')}, ${countedText(pass.deletedRows, 'row')} ${dryRun ? 'would be deleted' : 'deleted'}`,
    ...(freed > 0 ? [`${bytesText(freed)} freed`] : []),
    ...(pass.skipped > 0 ? [`${countText(pass.skipped)} skipped`] : []),
    durationText(pass.tookMs),
  ].join(', ')
}

function keepArgument(text: string, before: KeepOptions): KeepOptions {
  const [table, age] = text.split('=')
  const keepMs = age === 'forever' ? 'forever' : parseDuration(age ?? '')
  if (table === undefined || keepMs === undefined)
    throw new InvalidArgumentError('Expected a table and an age, such as ticks=2h.')
  return { ...before, [table]: keepMs }
}
