import type {
  IChartApi,
  IPrimitivePaneView,
  ISeriesApi,
  ISeriesPrimitive,
  SeriesAttachedParameter,
} from 'lightweight-charts'
import type { Palette } from '../shell/theme.ts'
import type { TimeSlots } from './time-slots.ts'

/** What a layer draws on: the pane in CSS pixels. */
export interface Surface {
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
  readonly chart: IChartApi
  readonly slots: TimeSlots
  readonly palette: Palette
  /** The y of a price; undefined while the axis has no prices. */
  readonly yOf: (price: number) => number | undefined
}

/** What is drawn between the grid and the bars, or above the bars. */
export interface Layer {
  readonly zOrder: 'bottom' | 'normal' | 'top'
  /** Gives how many things it has drawn. */
  readonly draw: (surface: Surface) => number
}

/** What a chart lends its layers. */
export interface LayerHost {
  readonly slots: () => TimeSlots
  readonly palette: () => Palette
  /** Told after each drawing. */
  readonly drawn: (count: number) => void
}

/** Fits a layer into the chart as a primitive of its main series. */
export class LayerPrimitive implements ISeriesPrimitive {
  readonly #layer: Layer
  readonly #host: LayerHost
  #attached: SeriesAttachedParameter | undefined

  constructor(layer: Layer, host: LayerHost) {
    this.#layer = layer
    this.#host = host
  }

  attached(parameter: SeriesAttachedParameter): void {
    this.#attached = parameter
  }

  detached(): void {
    this.#attached = undefined
  }

  requestUpdate(): void {
    this.#attached?.requestUpdate()
  }

  updateAllViews(): void {
    // Nothing is kept between two drawings.
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [
      {
        zOrder: () => this.#layer.zOrder,
        renderer: () => ({
          draw: (target) =>
            target.useMediaCoordinateSpace(({ context, mediaSize }) => {
              const attached = this.#attached
              if (attached === undefined) return
              const series = attached.series as ISeriesApi<'Candlestick'>
              context.save()
              const count = this.#layer.draw({
                context,
                width: mediaSize.width,
                height: mediaSize.height,
                chart: attached.chart,
                slots: this.#host.slots(),
                palette: this.#host.palette(),
                yOf: (price) => series.priceToCoordinate(price) ?? undefined,
              })
              context.restore()
              this.#host.drawn(count)
            }),
        }),
      },
    ]
  }
}
