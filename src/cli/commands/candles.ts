import { getCandlesQuery, type StoredCandle } from '../../queries/index.ts'
import type { Timeframe } from '../../time.ts'
import { countArgument } from '../arguments.ts'
import { withTimeframeOptions, type TimeframeOptions } from '../bar-options.ts'
import { candlePictureOf, spokenCandles } from '../candle-view.ts'
import { candleChart } from '../charts/candle-chart.ts'
import { windowOf, type AddCommand } from '../command.ts'
import { headingLine } from '../heading.ts'
import { addPairCommand, type PairView } from '../pair-command.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'

type CandlesOptions = TimeframeOptions & PictureOptions & { readonly limit?: number }

export const addCandlesCommand: AddCommand = (program, context) => {
  addPairCommand<CandlesOptions>(program, context, {
    name: 'candles',
    description: 'Open, high, low, close and volume of each bar, as a chart with the volume below.',
    configure: (command) =>
      withPictureOption(
        withTimeframeOptions(command).option('--limit <count>', 'only the newest', countArgument),
      ),
    answer: async (view, options) => {
      const { timeframe, limit } = options
      const candles = await view.query(getCandlesQuery({ timeframe, ...windowOf(options), limit }))
      await writePicture(options, () => candlePictureOf(view, timeframe, candles))
      return { json: candles, lines: () => candleLines(view, timeframe, candles) }
    },
  })
}

function candleLines(
  { pair, terminal }: PairView,
  timeframe: Timeframe,
  candles: readonly StoredCandle[],
): string[] {
  const { columns, rows, ink } = terminal
  return [
    headingLine(spokenCandles(pair, timeframe, candles), ink),
    ...candleChart(candles, { columns, rows: rows - 4, ink }),
  ]
}
