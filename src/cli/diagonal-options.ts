import type { Command } from 'commander'
import type { Timeframe } from '../time.ts'
import { choiceOption, numberArgument, positiveArgument } from './arguments.ts'
import {
  binSizeOf,
  withBinOption,
  withRoundingOption,
  withTimeframeOptions,
  type BinOptions,
  type RoundingOptions,
  type TimeframeOptions,
} from './bar-options.ts'
import { windowOf, type WindowOptions } from './command.ts'
import type { PairView } from './pair-command.ts'

export interface DiagonalOptions {
  readonly definition: 'atas' | 'freqtrade'
  readonly ratio: number
  readonly minVolume: number
  readonly ignoreZero: boolean
}

/** Options about the cells of bars, and which of them are imbalanced. */
export type CellOptions = TimeframeOptions & BinOptions & RoundingOptions & DiagonalOptions

/** What those of imbalances are called. */
export const diagonalNames: readonly (keyof DiagonalOptions)[] = [
  'definition',
  'ratio',
  'minVolume',
  'ignoreZero',
]

export function withCellOptions(command: Command): Command {
  return withDiagonalOptions(withRoundingOption(withBinOption(withTimeframeOptions(command))))
}

/** The cells as the builders take them; without a bin size of a round one. */
export async function cellsOf(view: PairView, options: CellOptions): Promise<Cells> {
  const { timeframe, rounding } = options
  return { timeframe, rounding, binSize: await binSizeOf(view, options), ...windowOf(options) }
}

export interface Cells extends RoundingOptions, WindowOptions {
  readonly timeframe: Timeframe
  readonly binSize: number
}

/** How diagonal imbalances are defined; see `calculateDiagonalImbalanceQuery`. */
function withDiagonalOptions(command: Command): Command {
  return command
    .addOption(choiceOption('--definition <name>', 'what an imbalance is', ['atas', 'freqtrade']))
    .option('--ratio <times>', 'how many times the opposite side', positiveArgument, 3)
    .option('--min-volume <volume>', 'smallest volume of the dominant side', numberArgument, 0)
    .option('--ignore-zero', 'an opposite side of 0 makes no imbalance', false)
}

export function diagonalOf({
  definition,
  ratio,
  minVolume,
  ignoreZero,
}: DiagonalOptions): DiagonalOptions {
  return { definition, ratio, minVolume, ignoreZero }
}
