import type { EChartsCoreOption } from 'echarts/core'
import type { ChartCandle } from '../charts/candle-chart.ts'
import type { ChartProfile } from '../charts/profile-chart.ts'
import { priceDecimals, priceText } from '../figures.ts'
import {
  heading,
  nothingTraded,
  palette,
  pictureSize,
  priceScale,
  type PriceScale,
  timeAxis,
  volumeAxis,
} from './svg.ts'

/** A gap or a zone: a price range from one time on, to another or to the end of the picture. */
export interface PriceBox {
  /** A gap is shaded, a zone has a frame too. */
  readonly kind: 'gap' | 'zone'
  readonly low: number
  readonly high: number
  readonly fromMs: number
  /** When it was filled or broken. */
  readonly toMs: number | null
  readonly side: 'demand' | 'supply'
}

export interface CandlePicture {
  readonly title: string
  readonly subtitle: string
  readonly candles: readonly ChartCandle[]
  readonly profile?: ChartProfile
  readonly boxes?: readonly PriceBox[]
}

const priceGrid = { top: 96, bottom: 200 }
const volumeGrid = { height: 90, bottom: 70 }
const profileWidth = 180
const rightEdge = 40
/** Room for the names of the profile's lines, as `VAH 61,740.00`. */
const leastMarkWidth = 110
const markLetterPixels = 7
const pricePixels = pictureSize.height - priceGrid.top - priceGrid.bottom
const markPixels = 15
const lastPricePixels = 7.7
const lastPriceHeight = 20

/** Candles with volume below; the profile at the side on the same price axis; gaps and zones as boxes. */
export function candlePicture(picture: CandlePicture): EChartsCoreOption {
  const { candles, profile, title, subtitle } = picture
  if (candles.length === 0) return { title: heading(title, nothingTraded) }
  const decimals = priceDecimals(candles.map((candle) => candle.close))
  const format = (price: number): string => priceText(price, decimals)
  const markLetters = 'VAH '.length + format(profile?.valueAreaHigh ?? 0).length
  const markWidth = Math.max(leastMarkWidth, markLetters * markLetterPixels + 8)
  const right = profile === undefined ? rightEdge : profileWidth + markWidth + 20
  const times = candles.map((candle) => candle.timestamp)
  const prices = pricesOf(picture)
  const scale = priceScale(
    prices.reduce((least, price) => Math.min(least, price), Infinity),
    prices.reduce((most, price) => Math.max(most, price), -Infinity),
  )
  const lastPrice = format(candles.at(-1)!.close)
  const left = Math.max(scale.left, lastPrice.length * lastPricePixels + 24)
  const pixelsPerPrice = pricePixels / (scale.max - scale.min)
  const side = profile && {
    grid: { ...priceGrid, width: profileWidth, right: markWidth },
    xAxis: { ...volumeAxis('volume at price', 2, 3), nameLocation: 'middle', nameGap: 30 },
    yAxis: { ...scale.axis, gridIndex: 2, axisLabel: { show: false } },
    series: profileSeries(profile, format, pixelsPerPrice),
  }
  return {
    title: heading(title, subtitle),
    grid: [
      { ...priceGrid, left, right },
      { ...volumeGrid, left, right },
      ...(side ? [side.grid] : []),
    ],
    xAxis: [
      timeAxis(times, { gridIndex: 0, labelled: false }),
      timeAxis(times, { gridIndex: 1, labelled: true }),
      ...(side ? [side.xAxis] : []),
    ],
    yAxis: [
      { ...scale.axis, name: 'price', axisLabel: besideLastPrice(scale, candles.at(-1)!.close) },
      volumeAxis('volume', 1, 2),
      ...(side ? [side.yAxis] : []),
    ],
    series: [
      candleSeries(picture, lastPrice),
      volumeSeries(candles),
      ...(side ? [side.series] : []),
    ],
  }
}

function candleSeries({ candles, boxes = [] }: CandlePicture, lastPrice: string): object {
  return {
    type: 'candlestick',
    data: candles.map(({ open, close, low, high }) => [open, close, low, high]),
    itemStyle: {
      color: palette.up,
      color0: palette.down,
      borderColor: palette.up,
      borderColor0: palette.down,
    },
    markLine: lastPriceLine(candles.at(-1)!, lastPrice),
    markArea: {
      silent: true,
      label: { show: false },
      data: boxes.map((box) => [
        {
          xAxis: barIndex(candles, box.fromMs),
          yAxis: box.high,
          itemStyle: {
            color: palette[box.side],
            borderColor: box.side === 'demand' ? palette.up : palette.down,
            borderWidth: box.kind === 'zone' ? 1 : 0,
          },
        },
        {
          xAxis: box.toMs === null ? candles.length - 1 : barIndex(candles, box.toMs),
          yAxis: box.low,
        },
      ]),
    },
  }
}

/** The labels of the price axis without the one that would stand under the last price's. */
function besideLastPrice({ label, axisLabel, min, max }: PriceScale, close: number): object {
  const pixelsPerPrice = pricePixels / (max - min)
  return {
    ...axisLabel,
    formatter: (price: number) =>
      Math.abs(price - close) * pixelsPerPrice < lastPriceHeight ? '' : label(price),
  }
}

/** The last price as a line and a label on the price axis, in the colour of its bar. */
function lastPriceLine({ open, close }: ChartCandle, text: string): object {
  const color = close < open ? palette.down : palette.up
  return {
    silent: true,
    symbol: 'none',
    precision: 12,
    lineStyle: { color, type: 'dashed', width: 1 },
    label: {
      position: 'start',
      formatter: text,
      color: '#ffffff',
      backgroundColor: color,
      padding: [3, 5],
      fontSize: 12,
    },
    data: [{ yAxis: close }],
  }
}

function volumeSeries(candles: readonly ChartCandle[]): object {
  return {
    type: 'bar',
    xAxisIndex: 1,
    yAxisIndex: 1,
    data: candles.map(({ volume, open, close }) => ({
      value: volume ?? 0,
      itemStyle: { color: close < open ? palette.down : palette.up, opacity: 0.7 },
    })),
  }
}

/** Each bin a rectangle as high as the bin, so that bars and candles share one price axis exactly. */
function profileSeries(
  profile: ChartProfile,
  format: (price: number) => string,
  pixelsPerPrice: number,
): object {
  const { binSize, poc, valueAreaLow, valueAreaHigh, bins } = profile
  const colour = (price: number): string => {
    if (Math.abs(price - poc) < binSize / 2) return palette.poc
    const middle = price + binSize / 2
    return middle > valueAreaLow && middle < valueAreaHigh ? palette.area : palette.outside
  }
  const pocLine = poc + binSize / 2
  // Names give way up and down where the lines are closer than letters are high.
  const room = (price: number): number =>
    Math.max(0, markPixels - Math.abs(price - pocLine) * pixelsPerPrice)
  const line = (text: string, yAxis: number, shift: number): object => ({
    yAxis,
    label: {
      formatter: text,
      position: 'end',
      offset: [0, shift],
      fontSize: 11,
      color: palette.text,
    },
    lineStyle: { color: yAxis === pocLine ? palette.poc : palette.faint },
  })
  return {
    type: 'custom',
    xAxisIndex: 2,
    yAxisIndex: 2,
    encode: { x: 0, y: [1, 2] },
    data: bins.map((bin) => ({
      value: [bin.volume, bin.price, bin.price + binSize],
      itemStyle: { color: colour(bin.price) },
    })),
    renderItem: binRectangle,
    markLine: {
      silent: true,
      symbol: 'none',
      // The library would round the prices of lines to two decimals.
      precision: 12,
      data: [
        line(`VAH ${format(valueAreaHigh)}`, valueAreaHigh, -room(valueAreaHigh)),
        line(`POC ${format(poc)}`, pocLine, 0),
        line(`VAL ${format(valueAreaLow)}`, valueAreaLow, room(valueAreaLow)),
      ],
    },
  }
}

interface RenderApi {
  value(dimension: number): number
  coord(point: readonly [number, number]): [number, number]
  visual(name: 'color'): string
}

function binRectangle(_params: unknown, api: RenderApi): object {
  const [right, bottom] = api.coord([api.value(0), api.value(1)])
  const [left, top] = api.coord([0, api.value(2)])
  return {
    type: 'rect',
    shape: { x: left, y: top, width: right - left, height: Math.max(1, bottom - top - 1) },
    style: { fill: api.visual('color') },
  }
}

/** The bar that holds a time; a box that began before the first bar begins with it. */
function barIndex(candles: readonly ChartCandle[], ms: number): number {
  const next = candles.findIndex((candle) => candle.timestamp > ms)
  return Math.max(0, (next === -1 ? candles.length : next) - 1)
}

/** All that is drawn on the price axis. Lists of bins and candles are short: a screen's worth. */
function pricesOf({ candles, profile }: CandlePicture): number[] {
  return [
    ...candles.flatMap(({ low, high }) => [low, high]),
    ...(profile?.bins.flatMap(({ price }) => [price, price + profile.binSize]) ?? []),
  ]
}
