import { calculateMarketProfileQuery, type MarketProfile } from '../../queries/index.ts'
import { binSizeOf, withBinOption, type BinOptions } from '../bar-options.ts'
import { choiceOption, numberArgument } from '../arguments.ts'
import { profileChart } from '../charts/profile-chart.ts'
import { withWindowOptions, windowOf, type AddCommand } from '../command.ts'
import { checkedUsage } from '../failure.ts'
import { percentText, priceText, volumeText } from '../figures.ts'
import { coverageLines, headingLine } from '../heading.ts'
import { addPairCommand, onlyRow, type PairView } from '../pair-command.ts'

interface ProfileOptions extends BinOptions {
  readonly share: number
  readonly valueArea: 'single' | 'pair'
  readonly emptyBins: 'count' | 'skip'
  readonly rounding: 'floor' | 'nearest' | 'ceil'
}

export const addProfileCommand: AddCommand = (program, context) => {
  addPairCommand<ProfileOptions>(program, context, {
    name: 'profile',
    description: 'Volume at each price, with the point of control and the value area.',
    configure: (command) =>
      withBinOption(withWindowOptions(command))
        .option('--share <part>', 'part of the volume in the value area', numberArgument, 0.7)
        .addOption(choiceOption('--value-area <rule>', 'how it grows', ['single', 'pair']))
        .addOption(choiceOption('--empty-bins <rule>', 'bins without trades', ['count', 'skip']))
        .addOption(choiceOption('--rounding <rule>', 'price to bin', ['floor', 'nearest', 'ceil'])),
    answer: async (view, options) => {
      const { share: valueAreaShare, valueArea, emptyBins, rounding } = options
      const binSize = await binSizeOf(view, options)
      const query = checkedUsage(() =>
        calculateMarketProfileQuery({
          binSize,
          valueAreaShare,
          valueArea,
          emptyBins,
          rounding,
          ...windowOf(options),
        }),
      )
      const profile = await onlyRow(view.query(query))
      return { json: profile, lines: () => profileLines(view, options, profile) }
    },
  })
}

function profileLines(
  { pair, terminal }: PairView,
  options: ProfileOptions,
  profile: MarketProfile,
): string[] {
  const { columns, rows, ink } = terminal
  const { poc, valueAreaLow, valueAreaHigh, binSize, totalVolume, valueAreaVolume } = profile
  const title = headingLine({ pair, what: 'market profile', ...options }, ink)
  if (poc === null || valueAreaLow === null || valueAreaHigh === null)
    return [title, 'no trades', ...coverageLines(profile)]
  // Bins named by their middle or upper edge are drawn from their lower one all the same.
  const down = { floor: 0, nearest: binSize / 2, ceil: binSize }[options.rounding]
  const bins = profile.bins.map((bin) => ({ price: bin.price - down, volume: bin.volume }))
  const drawn = { binSize, poc: poc - down, valueAreaLow, valueAreaHigh, bins }
  return [
    title,
    ...profileChart(drawn, { columns, rows: rows - 4, ink }),
    `POC ${priceText(poc)}   value area ${priceText(valueAreaLow)} to ${priceText(valueAreaHigh)} (${percentText((valueAreaVolume ?? 0) / totalVolume)} of ${volumeText(totalVolume)})`,
    ...coverageLines(profile),
  ]
}
