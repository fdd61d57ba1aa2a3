import type { EChartsCoreOption } from 'echarts/core'
import {
  calculateMarketProfileQuery,
  detectFvgQuery,
  detectZonesQuery,
  getCandlesQuery,
  type StoredCandle,
} from '../../queries/index.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'
import { countArgument } from '../arguments.ts'
import { binSizeOf, withTimeframeOptions, type TimeframeOptions } from '../bar-options.ts'
import { candleChart } from '../charts/candle-chart.ts'
import { windowOf, type AddCommand } from '../command.ts'
import { headingLine, headingText } from '../heading.ts'
import { addPairCommand, onlyRow, type PairView } from '../pair-command.ts'
import type { PriceBox } from '../pictures/candle-picture.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'

type CandlesOptions = TimeframeOptions & PictureOptions & { readonly limit?: number }

/** More bars than this would be thinner than a line. */
const maxPictureBars = 300
const maxBoxes = 12

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
      await writePicture(options, () => picture(view, timeframe, candles.slice(-maxPictureBars)))
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
    headingLine(spoken(pair, timeframe, candles), ink),
    ...candleChart(candles, { columns, rows: rows - 4, ink }),
  ]
}

function spoken(pair: string, timeframe: Timeframe, candles: readonly StoredCandle[]) {
  const last = candles.at(-1)
  return {
    pair,
    what: `${timeframe} candles`,
    from: candles[0]?.timestamp,
    to: last && last.timestamp + timeframeMs[timeframe],
  }
}

/** The bars, the profile of their time, and the gaps and zones that are still open in it. */
async function picture(
  view: PairView,
  timeframe: Timeframe,
  candles: readonly StoredCandle[],
): Promise<EChartsCoreOption> {
  const { candlePicture } = await import('../pictures/candle-picture.ts')
  const subject = spoken(view.pair, timeframe, candles)
  const [title, subtitle] = [`${view.pair} ${timeframe}`, headingText(subject)]
  const { from, to } = subject
  if (from === undefined || to === undefined) return candlePicture({ title, subtitle, candles })
  const window = { from, to }
  const profile = await onlyRow(
    view.query(calculateMarketProfileQuery({ binSize: await binSizeOf(view, window), ...window })),
  )
  const { poc, valueAreaLow, valueAreaHigh } = profile
  const drawn =
    poc === null || valueAreaLow === null || valueAreaHigh === null
      ? {}
      : { profile: { ...profile, poc, valueAreaLow, valueAreaHigh } }
  const boxes = await boxesOf(view, timeframe, window)
  return candlePicture({ title, subtitle, candles, ...drawn, boxes })
}

async function boxesOf(
  view: PairView,
  timeframe: Timeframe,
  window: { readonly from: number; readonly to: number },
): Promise<PriceBox[]> {
  const gaps = await view.query(detectFvgQuery({ timeframe, ...window, includeFilled: false }))
  const zones = await view.query(detectZonesQuery({ timeframe, ...window, includeBroken: false }))
  return [
    ...gaps.slice(-maxBoxes).map((gap): PriceBox => ({
      label: 'gap',
      low: gap.priceLow,
      high: gap.priceHigh,
      fromMs: gap.timestamp,
      toMs: null,
      side: gap.type === 'bullish' ? 'demand' : 'supply',
    })),
    ...zones.slice(-maxBoxes).map((zone): PriceBox => ({
      label: zone.type,
      low: zone.priceLow,
      high: zone.priceHigh,
      fromMs: zone.timestamp,
      toMs: null,
      side: zone.type,
    })),
  ]
}
