import { detectZonesQuery, type DetectedZone } from '../../queries/index.ts'
import { choiceOption, countArgument, numberArgument } from '../arguments.ts'
import {
  withSourceOption,
  withTimeframeOptions,
  type SourceOptions,
  type TimeframeOptions,
} from '../bar-options.ts'
import { windowOf, type AddCommand } from '../command.ts'
import { checkedUsage } from '../failure.ts'
import { priceDecimals, priceText, ratioText, timeText } from '../figures.ts'
import { listAnswer } from '../list-answer.ts'
import { addPairCommand, type Answer, type PairView } from '../pair-command.ts'

interface ZonesOptions extends TimeframeOptions, SourceOptions {
  readonly type: 'both' | 'supply' | 'demand'
  readonly definition: 'fractal' | 'atas'
  readonly volumeBars: number
  readonly minStrength: number
  readonly unbroken: boolean
}

export const addZonesCommand: AddCommand = (program, context) => {
  addPairCommand<ZonesOptions>(program, context, {
    name: 'zones',
    configure: (command) =>
      withSourceOption(withTimeframeOptions(command))
        .addOption(choiceOption('--type <side>', 'which zones', ['both', 'supply', 'demand']))
        .addOption(
          choiceOption('--definition <name>', 'which turning points count', ['fractal', 'atas']),
        )
        .option('--volume-bars <count>', 'bars of the average volume', countArgument, 20)
        .option('--min-strength <ratio>', 'smallest volume ÷ average', numberArgument, 0)
        .option('--unbroken', 'only zones that are not broken', false),
    answer: async (view, options) => {
      const { timeframe, source, type, definition, volumeBars, minStrength, unbroken } = options
      const query = checkedUsage(() =>
        detectZonesQuery({
          timeframe,
          source,
          type,
          definition,
          volumeBars,
          minStrength,
          includeBroken: !unbroken,
          ...windowOf(options),
        }),
      )
      const zones = await view.query(query)
      return zonesAnswer(view, options, zones)
    },
  })
}

function zonesAnswer(
  view: PairView,
  options: ZonesOptions,
  zones: readonly DetectedZone[],
): Promise<Answer> {
  const { ink } = view.terminal
  const decimals = priceDecimals(zones.flatMap((zone) => [zone.priceLow, zone.priceHigh]))
  return listAnswer(view, options, {
    what: `${options.timeframe} supply and demand zones`,
    rows: zones,
    columns: [
      { title: 'middle bar (UTC)', cell: (zone) => timeText(zone.timestamp), align: 'left' },
      {
        title: 'type',
        cell: ({ type }) => (type === 'demand' ? ink.buy : ink.sell)(type),
        align: 'left',
      },
      { title: 'low', cell: (zone) => priceText(zone.priceLow, decimals) },
      { title: 'high', cell: (zone) => priceText(zone.priceHigh, decimals) },
      { title: 'strength', cell: (zone) => ratioText(zone.strength) },
      { title: 'status', cell: (zone) => zone.status, align: 'left' },
      { title: 'known at', cell: (zone) => timeText(zone.knownAt), align: 'left' },
    ],
    bars: { timeframe: options.timeframe, source: options.source },
  })
}
