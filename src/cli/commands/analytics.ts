import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../../errors.ts'
import { formatPair } from '../../pair.ts'
import type { RefreshOptions } from '../../storage/upkeep/analytics-refresh.ts'
import type { RefreshResult } from '../../storage/events/outcomes.ts'
import type { Timeframe } from '../../time.ts'
import {
  countArgument,
  momentArgument,
  pairArgument,
  positiveArgument,
  timeframesArgument,
} from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { asUsage, UsageError } from '../failure.ts'
import { timeText } from '../figures.ts'
import { chosenPairs, noneStored, withStore, type Manager } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'

interface AnalyticsCommandOptions extends CommonOptions {
  readonly timeframes?: readonly Timeframe[]
  readonly binSize?: number
  readonly now?: number | 'newest-tick'
  readonly watch: boolean
  readonly every: number
}

/** What a pass did with one pair. */
interface PairRefresh extends RefreshResult {
  /** Why it could not be refreshed; null when it was. */
  readonly error: { readonly code: string; readonly message: string } | null
}

/** A pair that stands idle for this long is given free for other processes. */
const idleCloseMs = 1_000

export const addAnalyticsCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('analytics'))
    .argument('[pairs...]', 'exchange/market/symbol (default: all)')
    .option(
      '--timeframes <list>',
      'of the candles that the pair keeps (default: all)',
      timeframesArgument,
    )
    .option(
      '--bin-size <price>',
      'height of the bins of market_profile (default: by the price)',
      positiveArgument,
    )
    .option(
      '--now <time>',
      'use bars closed by this time; newest-tick: by each pair’s newest tick',
      momentArgument,
    )
    .option('--watch', 'go on until stopped', false)
    .option('--every <seconds>', 'how often --watch looks', countArgument, 5)
    .action(async (given: string[], options: AnalyticsCommandOptions) => {
      const { dataDir, watch, now } = options
      if (watch && now !== undefined)
        throw new UsageError('--now goes with one pass, not with --watch')
      const wanted = given.map((text) => pairArgument(text))
      await withStore(
        { dataDir, idleCloseMs, terminal: context.terminal },
        () => noneStored(wanted, dataDir),
        (db) => (watch ? watchPairs : refreshOnce)(db, wanted, options, context),
      )
    })
}

async function refreshOnce(
  db: Manager,
  wanted: readonly string[],
  options: AnalyticsCommandOptions,
  context: CliContext,
): Promise<void> {
  const pass: PairRefresh[] = []
  for (const pair of await chosenPairs(db, wanted, context))
    pass.push(await refresh(db, formatPair(pair), options))
  printPass(context, options, pass)
  // A pair that an engine holds is no failure: the engine keeps its analytics itself.
  if (pass.some(({ error }) => error !== null && error.code !== 'PAIR_LOCKED')) context.exitCode = 1
}

/** A line, or a JSON document, per pair that had something new. */
async function watchPairs(
  db: Manager,
  wanted: readonly string[],
  options: AnalyticsCommandOptions,
  context: CliContext,
): Promise<void> {
  const { signal, terminal } = context
  while (!signal.aborted) {
    for (const pair of await chosenPairs(db, wanted, context)) {
      if (signal.aborted) return
      const result = await refresh(db, formatPair(pair), options)
      if (result.refreshed.length === 0 && result.error === null) continue
      terminal.print(options.json ? JSON.stringify(result) : refreshLine(result))
    }
    await delay(options.every * 1_000, undefined, { signal }).catch(() => undefined)
  }
}

/** What stands in a pair's way is told and stops no other pair. */
async function refresh(
  db: Manager,
  pair: string,
  { timeframes, binSize, now }: AnalyticsCommandOptions,
): Promise<PairRefresh> {
  const options: RefreshOptions = { timeframes, binSize, now }
  try {
    return { ...(await db.refreshAnalytics(pair, options).catch(asUsage)), error: null }
  } catch (error) {
    if (!PairduckError.is(error)) throw error
    const { code, message } = error
    return { pair, refreshed: [], dueAt: null, error: { code, message } }
  }
}

function printPass(
  context: CliContext,
  options: CommonOptions,
  pass: readonly PairRefresh[],
): void {
  printAnswer(context, options, {
    json: pass,
    lines: () =>
      pass.length === 0 ? ['no pairs stored'] : pass.map((result) => refreshLine(result)),
  })
}

function refreshLine({ pair, refreshed, error }: PairRefresh): string {
  if (error !== null) return `${pair}: ${error.code}: ${error.message}`
  if (refreshed.length === 0) return `${pair}: nothing new`
  const spans = refreshed.map(
    ({ timeframe, from, until }) =>
      `${timeframe} bars ${from === null ? 'from the first one' : `from ${timeText(from)}`} until ${timeText(until)}`,
  )
  return `${pair}: ${spans.join('; ')} UTC`
}
