import {
  LineStyle,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesPrimitive,
} from 'lightweight-charts'
import type { Palette } from '../shell/theme.ts'

/** An own order that waits in the exchange's book. */
export interface ShownOrder {
  readonly side: 'buy' | 'sell'
  readonly price: number
  readonly amount: string
}

/** What a label takes of the axis, in pixels. */
const labelPixels = 18

interface OrderLine {
  readonly price: number
  readonly title: string
  readonly line: IPriceLine
  labelled: boolean
}

/**
 * Own orders as lines at their prices, one for all of a side and a price. The axis moves labels that
 * meet, and puts those of prices outside the view at its edge: so only lines in view that have the
 * room get one, those near the last price first.
 */
export class OrderLines implements ISeriesPrimitive {
  readonly #series: ISeriesApi<'Candlestick'>
  readonly #lastPrice: () => number | undefined
  readonly #labelled: (count: number) => void
  #lines: OrderLine[] = []

  constructor(
    series: ISeriesApi<'Candlestick'>,
    given: {
      readonly lastPrice: () => number | undefined
      /** Told how many lines have a label, whenever that is looked at. */
      readonly labelled: (count: number) => void
    },
  ) {
    this.#series = series
    this.#lastPrice = given.lastPrice
    this.#labelled = given.labelled
    series.attachPrimitive(this)
  }

  set(orders: readonly ShownOrder[], colors: Palette): void {
    for (const { line } of this.#lines) this.#series.removePriceLine(line)
    this.#lines = [...byPrice(orders)].map(({ side, price, amounts }) => ({
      price,
      title: `${side} ${amounts.length === 1 ? amounts[0] : `${amounts.length} orders`}`,
      labelled: false,
      line: this.#series.createPriceLine({
        price,
        color: side === 'buy' ? colors.up : colors.down,
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        axisLabelVisible: false,
        title: '',
      }),
    }))
  }

  /** Asked whenever the chart is drawn anew. */
  updateAllViews(): void {
    const shown = this.#withRoom()
    for (const each of this.#lines) {
      const labelled = shown.has(each)
      if (labelled === each.labelled) continue
      each.labelled = labelled
      each.line.applyOptions({ axisLabelVisible: labelled, title: labelled ? each.title : '' })
    }
    this.#labelled(shown.size)
  }

  #withRoom(): ReadonlySet<OrderLine> {
    const height = this.#series.getPane().getHeight()
    const last = this.#lastPrice() ?? 0
    const near = this.#lines.toSorted((a, b) => Math.abs(a.price - last) - Math.abs(b.price - last))
    const taken: number[] = []
    const shown = new Set<OrderLine>()
    for (const each of near) {
      const at = this.#series.priceToCoordinate(each.price)
      if (at === null || at < 0 || at > height) continue
      if (taken.some((other) => Math.abs(other - at) < labelPixels)) continue
      taken.push(at)
      shown.add(each)
    }
    return shown
  }
}

interface OrdersAtPrice {
  readonly side: 'buy' | 'sell'
  readonly price: number
  readonly amounts: string[]
}

function byPrice(orders: readonly ShownOrder[]): Iterable<OrdersAtPrice> {
  const found = new Map<string, OrdersAtPrice>()
  for (const { side, price, amount } of orders) {
    const key = `${side} ${price}`
    const level = found.get(key) ?? { side, price, amounts: [] }
    level.amounts.push(amount)
    found.set(key, level)
  }
  return found.values()
}
