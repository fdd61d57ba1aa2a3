import type { ITimeScaleApi, Time } from 'lightweight-charts'

/** Where the axis stands: how wide bars are, how many of them the newest is away from the right edge. */
interface Place {
  readonly barSpacing: number
  readonly position: number
}

const shownAtFirst = 140
const widestAtFirst = 24
const widestBar = 240

/** Moves the chart along its time. */
export class TimeAxis {
  readonly #scale: ITimeScaleApi<Time>
  #asked: Place | undefined

  constructor(scale: ITimeScaleApi<Time>) {
    this.#scale = scale
  }

  /** Wider or narrower bars; the right edge stays where it is. */
  zoom(factor: number): void {
    const { barSpacing, position } = this.#place()
    const wanted = Math.min(widestBar, Math.max(0.5, barSpacing * factor))
    this.#moveTo({ barSpacing: wanted, position: position * (barSpacing / wanted) })
  }

  scroll(bars: number): void {
    const { barSpacing, position } = this.#place()
    this.#moveTo({ barSpacing, position: position + bars })
  }

  /** The newest of so many bars, with room for the profile at their right. */
  showNewest(count: number): void {
    const width = Math.max(200, this.#scale.width())
    const fitting = (width * 0.78) / Math.max(1, Math.min(count, shownAtFirst))
    const barSpacing = Math.min(widestAtFirst, Math.max(3, fitting))
    this.#moveTo({ barSpacing, position: (width * 0.2) / barSpacing })
  }

  /** The chart moves with its next frame; until then the place that was asked for counts, or quick keys would be lost. */
  #place(): Place {
    const { barSpacing } = this.#scale.options()
    return this.#asked ?? { barSpacing, position: this.#scale.scrollPosition() }
  }

  #moveTo(place: Place): void {
    this.#asked = place
    this.#scale.applyOptions({ barSpacing: place.barSpacing, rightOffset: place.position })
    this.#scale.scrollToPosition(place.position, false)
    requestAnimationFrame(() => {
      if (this.#asked === place) this.#asked = undefined
    })
  }
}
