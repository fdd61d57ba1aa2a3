import type { Command } from 'commander'
import { choiceOption, numberArgument, positiveArgument } from './arguments.ts'

export interface DiagonalOptions {
  readonly definition: 'atas' | 'freqtrade'
  readonly ratio: number
  readonly minVolume: number
  readonly ignoreZero: boolean
}

/** What they are called. */
export const diagonalNames: readonly (keyof DiagonalOptions)[] = [
  'definition',
  'ratio',
  'minVolume',
  'ignoreZero',
]

/** How diagonal imbalances are defined; see `calculateDiagonalImbalanceQuery`. */
export function withDiagonalOptions(command: Command): Command {
  return command
    .addOption(choiceOption('--definition <name>', 'of an imbalance', ['atas', 'freqtrade']))
    .option('--ratio <times>', 'how many times the opposite side', positiveArgument, 3)
    .option('--min-volume <volume>', 'least volume of the dominant side', numberArgument, 0)
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
