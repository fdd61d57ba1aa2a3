import { Option, type Command } from 'commander'
import type { BarSource } from '../queries/bars.ts'
import { minBinSize, roundings, type Rounding } from '../queries/bins.ts'
import { timeframeMs, timeframes, type Timeframe } from '../time.ts'
import { roundStep } from './charts/value-axis.ts'
import { choiceOption, numberArgument, positiveArgument, timeframeArgument } from './arguments.ts'
import { withWindowOptions, windowOf, type WindowOptions } from './command.ts'
import type { PairView } from './pair-command.ts'
import type { ValueAreaOptions } from '../queries/value-area.ts'
import { query } from '../queries/query.ts'
import { resolveWindow, ticksInWindow } from '../queries/window.ts'

export interface TimeframeOptions extends WindowOptions {
  readonly timeframe: Timeframe
}

export interface SourceOptions {
  readonly source?: BarSource
}

export interface BinOptions extends WindowOptions {
  readonly binSize?: number
}

export interface RoundingOptions {
  readonly rounding: Rounding
}

export function withTimeframeOptions(command: Command, fallback: Timeframe = '1m'): Command {
  return withWindowOptions(
    command.option(
      '--timeframe <length>',
      `length of a bar: ${timeframes.join(' ')}`,
      timeframeArgument,
      fallback,
    ),
  )
}

export function withBinOption(command: Command): Command {
  return command.option(
    '--bin-size <price>',
    'height of a price bin (default: a round size that makes about 24)',
    positiveArgument,
  )
}

export function withRoundingOption(command: Command): Command {
  return command.addOption(
    choiceOption('--rounding <rule>', 'how a price is put into a bin', roundings),
  )
}

/** Which definition of the value area is meant; `--share`, `--stop` and so on. */
export interface ValueAreaFlags {
  readonly share: number
  readonly valueArea: 'single' | 'pair'
  readonly emptyBins: 'count' | 'skip'
  readonly stop: 'reached' | 'passed'
}

export function withValueAreaOptions(command: Command): Command {
  return command
    .option('--share <part>', 'part of the profile that the value area holds', numberArgument, 0.7)
    .addOption(choiceOption('--value-area <rule>', 'how the value area grows', ['single', 'pair']))
    .addOption(
      choiceOption('--stop <rule>', 'the value area ends when its share is', ['reached', 'passed']),
    )
    .addOption(choiceOption('--empty-bins <rule>', 'bins without trades', ['count', 'skip']))
}

/** The same in the library's terms. */
export function valueAreaOf(flags: ValueAreaFlags): Required<ValueAreaOptions> {
  const { share, valueArea, emptyBins, stop } = flags
  return { valueAreaShare: share, valueArea, emptyBins, valueAreaStop: stop }
}

/** How far below its name a bin begins. */
export function belowName(rounding: Rounding, binSize: number): number {
  return { floor: 0, nearest: binSize / 2, halfEven: binSize / 2, ceil: binSize }[rounding]
}

/** Where bars come from. */
export function withSourceOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--source <from>',
      'bars as stored, or folded from the ticks (default: by what the pair holds)',
    ).choices(['candles', 'ticks']),
  )
}

interface TickExtent {
  readonly low: number | null
  readonly high: number | null
  readonly oldest: number | null
  readonly newest: number | null
}

/** Lowest and highest price, oldest and newest time of a window's ticks; nulls where there are none. */
export async function tickExtent(view: PairView, options: WindowOptions): Promise<TickExtent> {
  const window = resolveWindow('tickExtent', windowOf(options))
  const [extent] = await view.query(
    query<TickExtent>(
      'tickExtent',
      `SELECT min(price) AS "low", max(price) AS "high",
        min(timestamp) AS "oldest", max(timestamp) AS "newest"
      FROM ticks WHERE ${ticksInWindow(window)}`,
      window.params,
    ),
  )
  return extent ?? { low: null, high: null, oldest: null, newest: null }
}

const wantedBins = 24

/** The bin size that was given, else a round one by the range of prices. */
export async function binSizeOf(view: PairView, options: BinOptions): Promise<number> {
  if (options.binSize !== undefined) return options.binSize
  const { low, high } = await tickExtent(view, options)
  if (low === null || high === null) return 1
  return Math.max(minBinSize, roundStep(high > low ? (high - low) / wantedBins : high * 1e-4))
}

/** The longest timeframe that gives a line a point in every column; a line chart thins the rest. */
export function timeframeForLine(spanMs: number, columns: number): Timeframe {
  return timeframes.findLast((timeframe) => spanMs / timeframeMs[timeframe] >= columns) ?? '1s'
}

/** The shortest timeframe that cuts a window into no more bars than there are columns. */
export function timeframeForWidth(spanMs: number, columns: number): Timeframe {
  return timeframes.find((timeframe) => spanMs / timeframeMs[timeframe] <= columns) ?? '1d'
}
