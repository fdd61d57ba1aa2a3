import type { EChartsCoreOption } from 'echarts/core'
import {
  calculateMarketProfileQuery,
  detectFvgQuery,
  detectZonesQuery,
  getCandlesQuery,
  type MarketProfile,
  type StoredCandle,
} from '../queries/index.ts'
import type { BarSource } from '../queries/bars.ts'
import { timeframeMs, type Timeframe } from '../time.ts'
import { countText } from './figures.ts'
import { binSizeOf, tickExtent, timeframeForWidth } from './bar-options.ts'
import { windowOf, type WindowOptions } from './command.ts'
import { headingText, type Spoken } from './heading.ts'
import { onlyRow, type PairView } from './pair-command.ts'
import type { PriceBox } from './pictures/candle-picture.ts'

/** More bars than this would be thinner than a line. */
const maxPictureBars = 600
/** So many suit a picture where the length of bars is ours to choose. */
const chosenBars = 200
const maxBoxes = 12
const legend = 'shaded: gaps not yet filled; framed: zones not broken; green demand, red supply'

/** What a heading says about candles. */
export function spokenCandles(
  pair: string,
  timeframe: Timeframe,
  candles: readonly StoredCandle[],
): Spoken {
  const last = candles.at(-1)
  return {
    pair,
    what: `${timeframe} candles`,
    from: candles[0]?.timestamp,
    to: last && last.timestamp + timeframeMs[timeframe],
  }
}

/** Which bars a picture is of; gaps and zones are found in the same. */
interface DrawnBars {
  readonly timeframe: Timeframe
  readonly source?: BarSource | undefined
  readonly asOf?: number | undefined
}

/** The bars, the profile of their time, its gaps and zones; what is not drawn stands in the heading. */
export async function candlePictureOf(
  view: PairView,
  bars: DrawnBars,
  candles: readonly StoredCandle[],
  profile?: MarketProfile,
): Promise<EChartsCoreOption> {
  const { timeframe, asOf } = bars
  const { candlePicture } = await import('./pictures/candle-picture.ts')
  const shown = candles.slice(-maxPictureBars)
  const spoken = { ...spokenCandles(view.pair, timeframe, shown), asOf }
  const title = `${view.pair} ${timeframe}`
  const [first] = shown
  if (first === undefined)
    return candlePicture({ title, subtitle: headingText(spoken), candles: shown })
  const window = windowOf({
    from: first.timestamp,
    to: shown.at(-1)!.timestamp + timeframeMs[timeframe],
    ...(asOf === undefined ? {} : { asOf }),
  })
  const { poc, valueAreaLow, valueAreaHigh, ...rest } = profile ?? (await profileOf(view, window))
  const drawn =
    poc === null || valueAreaLow === null || valueAreaHigh === null
      ? {}
      : { profile: { ...rest, poc, valueAreaLow, valueAreaHigh } }
  const { boxes, leftOut } = await boxesOf(view, bars, window)
  const omitted = [
    ...(shown.length < candles.length
      ? [
          `the last ${countText(shown.length)} of ${countText(candles.length)} bars: a longer --timeframe shows all`,
        ]
      : []),
    ...(leftOut > 0 ? [`${countText(leftOut)} older gaps and zones are not drawn`] : []),
  ]
  return candlePicture({
    title,
    subtitle: [`${headingText(spoken)}; ${legend}`, ...omitted].join('\n'),
    candles: shown,
    ...drawn,
    boxes,
  })
}

/** The picture of a window around its profile, with bars as long as suits the picture. */
export async function profilePictureOf(
  view: PairView,
  options: WindowOptions,
  profile: MarketProfile,
): Promise<EChartsCoreOption> {
  const { oldest, newest } = await tickExtent(view, options)
  const timeframe = timeframeForWidth((newest ?? 0) - (oldest ?? 0), chosenBars)
  const width = timeframeMs[timeframe]
  // From the opening of the first bar: a window that begins inside a bar leaves it out.
  const window =
    oldest === null || newest === null
      ? {}
      : { from: Math.floor(oldest / width) * width, to: newest + 0.001 }
  const { asOf } = options
  const candles = await view.query(getCandlesQuery({ timeframe, ...window, source: 'ticks', asOf }))
  return candlePictureOf(view, { timeframe, source: 'ticks', asOf }, candles, profile)
}

async function profileOf(view: PairView, window: WindowOptions): Promise<MarketProfile> {
  const binSize = await binSizeOf(view, window)
  return onlyRow(view.query(calculateMarketProfileQuery({ binSize, ...window })))
}

async function boxesOf(
  view: PairView,
  { timeframe, source }: DrawnBars,
  window: WindowOptions,
): Promise<{ boxes: PriceBox[]; leftOut: number }> {
  const gaps = await view.query(
    detectFvgQuery({ timeframe, source, ...window, includeFilled: false }),
  )
  const zones = await view.query(
    detectZonesQuery({ timeframe, source, ...window, includeBroken: false }),
  )
  const boxes = [
    ...gaps.slice(-maxBoxes).map((gap): PriceBox => ({
      kind: 'gap',
      low: gap.priceLow,
      high: gap.priceHigh,
      fromMs: gap.knownAt,
      toMs: null,
      side: gap.type === 'bullish' ? 'demand' : 'supply',
    })),
    ...zones.slice(-maxBoxes).map((zone): PriceBox => ({
      kind: 'zone',
      low: zone.priceLow,
      high: zone.priceHigh,
      fromMs: zone.knownAt,
      toMs: null,
      side: zone.type,
    })),
  ]
  return { boxes, leftOut: gaps.length + zones.length - boxes.length }
}
