import {
  BaselineSeries,
  CandlestickSeries,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { CvdBar, StoredCandle } from 'pairduck'
import { decimalsOf, priceText, volumeText } from '../shell/figures.ts'
import { faded, type Palette } from '../shell/theme.ts'
import { candleColours, cvdColours } from './chart-options.ts'
import { chartTime, TimeSlots } from './time-slots.ts'

/** How high the panes of bars, volume and delta are, beside each other. */
const stretch = { bars: 6, volume: 1, cvd: 1.5, hidden: 0.01 }

/** The bars with their volume and their cumulative delta, each in a pane of its own. */
export class BarSeries {
  readonly candles: ISeriesApi<'Candlestick'>
  readonly #chart: IChartApi
  readonly #volume: ISeriesApi<'Histogram'>
  readonly #cvd: ISeriesApi<'Baseline'>
  #palette: Palette
  #slots = new TimeSlots(60_000, [])
  #bars: StoredCandle[] = []
  #cvdBars: CvdBar[] = []
  #decimals = 2

  constructor(chart: IChartApi, palette: Palette) {
    this.#chart = chart
    this.#palette = palette
    this.candles = chart.addSeries(CandlestickSeries, candleColours(palette))
    this.#volume = chart.addSeries(
      HistogramSeries,
      { priceFormat: volumeFormat, priceLineVisible: false, lastValueVisible: false },
      1,
    )
    this.#cvd = chart.addSeries(
      BaselineSeries,
      { ...cvdColours(palette), priceFormat: volumeFormat, lineWidth: 2, priceLineVisible: false },
      2,
    )
    chart.panes()[0]?.setStretchFactor(stretch.bars)
    chart.panes()[1]?.setStretchFactor(stretch.volume)
    this.showCvd(true)
  }

  get bars(): readonly StoredCandle[] {
    return this.#bars
  }

  get slots(): TimeSlots {
    return this.#slots
  }

  /** The sum of the delta at the end. */
  get lastCvd(): number | undefined {
    return this.#cvdBars.at(-1)?.close
  }

  /** The finest step of the prices. */
  get tick(): number {
    return Number((10 ** -this.#decimals).toPrecision(1))
  }

  priceText(price: number): string {
    return priceText(price, this.#decimals)
  }

  /** All bars anew; empty places stand where none is. */
  set(bars: readonly StoredCandle[], timeframeMs: number): void {
    this.#bars = [...bars]
    this.#slots = new TimeSlots(
      timeframeMs,
      bars.map(({ timestamp }) => timestamp),
    )
    this.#decimals = decimalsOf(bars.slice(-500).flatMap(({ open, close }) => [open, close]))
    const formatter = (price: number): string => this.priceText(price)
    this.candles.applyOptions({ priceFormat: { type: 'custom', formatter, minMove: this.tick } })
    const byTime = new Map(bars.map((bar) => [bar.timestamp, bar]))
    this.candles.setData(
      this.#slots.times.map((time) => {
        const bar = byTime.get(time)
        return bar === undefined ? { time: chartTime(time) } : candlePoint(bar)
      }),
    )
    this.#volume.setData(bars.map((bar) => this.#volumePoint(bar)))
  }

  /** A bar that is new or has changed. */
  update(bar: StoredCandle): void {
    const last = this.#slots.last
    const isOld = last !== undefined && bar.timestamp < last
    const at = this.#bars.findLastIndex(({ timestamp }) => timestamp <= bar.timestamp)
    if (this.#bars[at]?.timestamp === bar.timestamp) this.#bars[at] = bar
    else if (isOld) return
    else this.#bars.push(bar)
    for (const empty of this.#slots.add(bar.timestamp))
      this.candles.update({ time: chartTime(empty) })
    this.candles.update(candlePoint(bar), isOld)
    this.#volume.update(this.#volumePoint(bar), isOld)
    if (!isOld) this.#updateCvd(bar)
  }

  setCvd(bars: readonly CvdBar[]): void {
    this.#cvdBars = [...bars]
    this.#cvd.setData(
      bars.map(({ timestamp, close }) => ({ time: chartTime(timestamp), value: close })),
    )
  }

  showCvd(shown: boolean): void {
    this.#cvd.applyOptions({ visible: shown })
    this.#chart.panes()[2]?.setStretchFactor(shown ? stretch.cvd : stretch.hidden)
  }

  restyle(palette: Palette): void {
    this.#palette = palette
    this.candles.applyOptions(candleColours(palette))
    this.#cvd.applyOptions(cvdColours(palette))
    this.#volume.setData(this.#bars.map((bar) => this.#volumePoint(bar)))
  }

  /** A bar's own delta is added to the sum before it. */
  #updateCvd({ timestamp, buyVolume, sellVolume }: StoredCandle): void {
    const last = this.#cvdBars.at(-1)
    if (buyVolume === null || sellVolume === null || last === undefined) return
    if (timestamp < last.timestamp) return
    const isSame = timestamp === last.timestamp
    const open = isSame ? last.open : last.close
    const close = open + buyVolume - sellVolume
    this.#cvdBars.splice(isSame ? -1 : this.#cvdBars.length, 1, { ...last, timestamp, open, close })
    this.#cvd.update({ time: chartTime(timestamp), value: close })
  }

  #volumePoint(bar: StoredCandle): { time: UTCTimestamp; value: number; color: string } {
    const { up, down } = this.#palette
    return {
      time: chartTime(bar.timestamp),
      value: bar.volume ?? 0,
      color: faded(bar.close < bar.open ? down : up, 0.65),
    }
  }
}

const volumeFormat = {
  type: 'custom' as const,
  formatter: (volume: number): string => volumeText(volume),
  minMove: 1e-8,
}

function candlePoint({ timestamp, open, high, low, close }: StoredCandle): {
  time: UTCTimestamp
  open: number
  high: number
  low: number
  close: number
} {
  return { time: chartTime(timestamp), open, high, low, close }
}
