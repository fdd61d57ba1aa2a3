import {
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type ISeriesMarkersPluginApi,
  type Time,
} from 'lightweight-charts'
import type { CvdBar, LargeTrade, StoredCandle } from 'pairduck'
import { faded, palette, type Palette } from '../shell/theme.ts'
import { BarSeries } from './bar-series.ts'
import { boxLayer, type PriceBox } from './boxes.ts'
import { chartOptions } from './chart-options.ts'
import { footprintLayer, type ShownFootprint } from './footprint.ts'
import { holeLayer, type Hole } from './holes.ts'
import { LayerPrimitive, type Layer } from './layer.ts'
import { OrderLines, type ShownOrder } from './order-lines.ts'
import { profileLayer, type ShownProfile } from './profile.ts'
import { TimeAxis } from './time-axis.ts'
import { chartTime, type TimeSlots } from './time-slots.ts'

/** What of the chart is seen. */
export interface View {
  readonly fromMs: number
  readonly toMs: number
  readonly barPixels: number
  readonly pricePerPixel: number
  readonly firstIndex: number
}

/** The chart: bars, volume, cumulative delta, and the layers over and under the bars. */
export class MarketChart {
  readonly #host: HTMLElement
  readonly #chart: IChartApi
  readonly #series: BarSeries
  readonly #axis: TimeAxis
  readonly #markers: ISeriesMarkersPluginApi<Time>
  readonly #layers: LayerPrimitive[]
  #palette: Palette = palette()
  #gaps: readonly PriceBox[] = []
  #zones: readonly PriceBox[] = []
  #holes: readonly Hole[] = []
  #profile: ShownProfile | undefined
  #footprint: ShownFootprint | undefined
  #trades: readonly LargeTrade[] = []
  #orders: readonly ShownOrder[] = []
  readonly #orderLines: OrderLines

  constructor(host: HTMLElement, canvas: HTMLElement) {
    this.#host = host
    const chart = createChart(canvas, chartOptions(this.#palette))
    this.#chart = chart
    this.#series = new BarSeries(chart, this.#palette)
    this.#axis = new TimeAxis(chart.timeScale())
    this.#markers = createSeriesMarkers(this.#series.candles, [], { autoScale: false })
    this.#orderLines = new OrderLines(this.#series.candles, {
      lastPrice: () => this.bars.at(-1)?.close,
      labelled: (count) => this.#say('orderLabels', count),
    })
    this.#layers = [
      this.#attach(
        'holes',
        holeLayer(() => this.#holes),
      ),
      this.#attach(
        'zones',
        boxLayer(() => this.#zones),
      ),
      this.#attach(
        'gaps',
        boxLayer(() => this.#gaps),
      ),
      this.#attach(
        'profile',
        profileLayer(
          () => this.#profile,
          (price) => this.priceText(price),
        ),
      ),
      this.#attach(
        'footprint',
        footprintLayer(() => this.#footprint),
      ),
    ]
  }

  get bars(): readonly StoredCandle[] {
    return this.#series.bars
  }

  get slots(): TimeSlots {
    return this.#series.slots
  }

  get tick(): number {
    return this.#series.tick
  }

  priceText(price: number): string {
    return this.#series.priceText(price)
  }

  /** Another pair, timeframe or more history: all bars anew. */
  setBars(bars: readonly StoredCandle[], timeframeMs: number, keepView = false): void {
    this.#series.set(bars, timeframeMs)
    this.#chart.timeScale().applyOptions({ secondsVisible: timeframeMs < 60_000 })
    if (!keepView) this.showNewest()
    this.#sayBars()
  }

  /** Bars that are new or have changed, oldest first. */
  updateBars(bars: readonly StoredCandle[]): void {
    for (const bar of bars) this.#series.update(bar)
    this.#sayBars()
  }

  setCvd(bars: readonly CvdBar[]): void {
    this.#series.setCvd(bars)
    this.#sayBars()
  }

  showCvd(shown: boolean): void {
    this.#series.showCvd(shown)
  }

  setGaps(boxes: readonly PriceBox[]): void {
    this.#gaps = boxes
    this.#redraw()
  }

  setZones(boxes: readonly PriceBox[]): void {
    this.#zones = boxes
    this.#redraw()
  }

  setHoles(holes: readonly Hole[]): void {
    this.#holes = holes
    this.#redraw()
  }

  setProfile(profile: ShownProfile | undefined): void {
    this.#profile = profile
    this.#redraw()
  }

  setFootprint(footprint: ShownFootprint | undefined): void {
    this.#footprint = footprint
    this.#redraw()
  }

  setTrades(trades: readonly LargeTrade[]): void {
    this.#trades = trades
    this.#drawTrades()
  }

  /** Each own order as a line at its price. */
  setOrders(orders: readonly ShownOrder[]): void {
    this.#orders = orders
    this.#orderLines.set(orders, this.#palette)
    this.#say('orders', orders.length)
  }

  /** What is seen; undefined before there are bars. */
  view(): View | undefined {
    const range = this.#chart.timeScale().getVisibleLogicalRange()
    const pane = this.#chart.panes()[0]
    if (range === null || pane === undefined || this.bars.length === 0) return undefined
    const top = this.#series.candles.coordinateToPrice(0)
    const bottom = this.#series.candles.coordinateToPrice(pane.getHeight())
    if (top === null || bottom === null) return undefined
    return {
      // A bar that is seen in part belongs to what is seen.
      fromMs: this.slots.timeAt(Math.max(0, Math.floor(range.from))),
      toMs: this.slots.timeAt(range.to) + this.slots.widthMs,
      barPixels: this.#chart.timeScale().options().barSpacing,
      pricePerPixel: (top - bottom) / pane.getHeight(),
      firstIndex: range.from,
    }
  }

  onView(listener: () => void): void {
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(listener)
  }

  /** The bar under the pointer; undefined when there is none. */
  onPointer(listener: (bar: StoredCandle | undefined) => void): void {
    this.#chart.subscribeCrosshairMove(({ time }) => {
      const ms = typeof time === 'number' ? time * 1000 : undefined
      listener(this.bars.find(({ timestamp }) => timestamp === ms))
    })
  }

  /** Wider or narrower bars; the right edge stays where it is. */
  zoom(factor: number): void {
    this.#axis.zoom(factor)
  }

  scroll(bars: number): void {
    this.#axis.scroll(bars)
  }

  /** The newest bars, with room for the profile at their right. */
  showNewest(): void {
    this.#axis.showNewest(this.slots.times.length)
  }

  /** Takes over the colours of the style sheet. */
  restyle(): void {
    this.#palette = palette()
    this.#chart.applyOptions(chartOptions(this.#palette))
    this.#series.restyle(this.#palette)
    this.#drawTrades()
    this.setOrders(this.#orders)
    this.#redraw()
  }

  #attach(name: string, layer: Layer): LayerPrimitive {
    const primitive = new LayerPrimitive(layer, {
      slots: () => this.slots,
      palette: () => this.#palette,
      drawn: (count) => this.#say(name, count),
    })
    this.#series.candles.attachPrimitive(primitive)
    return primitive
  }

  #drawTrades(): void {
    this.#markers.setMarkers(
      this.#trades.map(({ timestamp, price, side, volume, threshold }) => ({
        time: chartTime(this.slots.timeAt(Math.floor(this.slots.indexOf(timestamp)))),
        position: 'atPriceMiddle',
        price,
        shape: 'circle',
        color: faded(side === 'BUY' ? this.#palette.up : this.#palette.down, 0.55),
        size: Math.min(2, 0.4 + 0.2 * (volume / threshold)),
      })),
    )
    this.#say('trades', this.#trades.length)
  }

  #redraw(): void {
    for (const layer of this.#layers) layer.requestUpdate()
  }

  /** What the chart shows is also said in the document, for programs and for readers of screens. */
  #sayBars(): void {
    const last = this.bars.at(-1)
    this.#say('bars', this.bars.length)
    this.#say('close', last?.close)
    this.#say('cvd', this.#series.lastCvd)
    this.#host.setAttribute(
      'aria-label',
      last === undefined ? 'no bars' : `${this.bars.length} bars, last price ${last.close}`,
    )
  }

  #say(name: string, value: number | undefined): void {
    const text = String(value ?? '')
    if (this.#host.dataset[name] !== text) this.#host.dataset[name] = text
  }
}
