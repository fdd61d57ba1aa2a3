import { detectFvgQuery, type DetectedFvg } from '../../queries/index.ts'
import { choiceOption, countArgument, numberArgument } from '../arguments.ts'
import {
  withSourceOption,
  withTimeframeOptions,
  type SourceOptions,
  type TimeframeOptions,
} from '../bar-options.ts'
import { windowOf, type AddCommand } from '../command.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import { percentText, priceDecimals, priceText, timeText } from '../figures.ts'
import { listAnswer } from '../list-answer.ts'
import { addPairCommand, type Answer, type PairView } from '../pair-command.ts'

interface FvgOptions extends TimeframeOptions, SourceOptions {
  readonly definition: 'classic' | 'smc'
  readonly fill: 'full' | 'half' | 'touch'
  readonly minGap: number
  readonly minGapUnit: 'price' | 'percent' | 'atr'
  readonly atrPeriod?: number
  readonly join: boolean
  readonly adjacent: boolean
  readonly unfilled: boolean
}

export const addFvgCommand: AddCommand = (program, context) => {
  addPairCommand<FvgOptions>(program, context, {
    name: 'fvg',
    configure: (command) =>
      withSourceOption(withTimeframeOptions(command))
        .addOption(choiceOption('--definition <name>', 'which gaps count', ['classic', 'smc']))
        .addOption(
          choiceOption('--fill <level>', 'when a gap is filled', ['full', 'half', 'touch']),
        )
        .option('--min-gap <size>', 'smallest gap', numberArgument, 0)
        .addOption(choiceOption('--min-gap-unit <unit>', 'unit of it', ['price', 'percent', 'atr']))
        .option('--atr-period <bars>', 'of the average true range (default: 14)', countArgument)
        .option('--join', 'one gap out of a run of them', false)
        .option('--adjacent', 'only bars without a hole in time between them', false)
        .option('--unfilled', 'only gaps that are not filled', false),
    answer: async (view, options) => {
      const { timeframe, source, definition, fill, minGap, minGapUnit, atrPeriod } = options
      if (atrPeriod !== undefined && minGapUnit !== 'atr')
        throw new UsageError('--atr-period goes with --min-gap-unit atr')
      const query = checkedUsage(() =>
        detectFvgQuery({
          timeframe,
          source,
          definition,
          fill,
          minGap,
          minGapUnit,
          atrPeriod,
          joinConsecutive: options.join,
          requireAdjacent: options.adjacent,
          includeFilled: !options.unfilled,
          ...windowOf(options),
        }),
      )
      const gaps = await view.query(query)
      return gapsAnswer(view, options, gaps)
    },
  })
}

function gapsAnswer(
  view: PairView,
  options: FvgOptions,
  gaps: readonly DetectedFvg[],
): Promise<Answer> {
  const { ink } = view.terminal
  const decimals = priceDecimals(gaps.flatMap((gap) => [gap.priceLow, gap.priceHigh]))
  return listAnswer(view, options, {
    what: `${options.timeframe} fair value gaps`,
    rows: gaps,
    columns: [
      { title: 'middle bar (UTC)', cell: (gap) => timeText(gap.timestamp), align: 'left' },
      {
        title: 'type',
        cell: ({ type }) => (type === 'bullish' ? ink.buy : ink.sell)(type),
        align: 'left',
      },
      { title: 'low', cell: (gap) => priceText(gap.priceLow, decimals) },
      { title: 'high', cell: (gap) => priceText(gap.priceHigh, decimals) },
      { title: 'filled', cell: (gap) => percentText(gap.filledPct) },
      { title: 'filled at', cell: (gap) => timeText(gap.filledAt), align: 'left' },
    ],
    bars: { timeframe: options.timeframe, source: options.source },
  })
}
