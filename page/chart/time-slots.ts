import type { IChartApi, Logical, UTCTimestamp } from 'lightweight-charts'

/** More bars in a row without trades than this are one break, not so many empty places. */
const longestFilledBreak = 500

/** A stretch without a bar. */
export interface Quiet {
  readonly from: number
  readonly to: number
  /** False: it is too long to be drawn bar by bar. */
  readonly filled: boolean
}

/**
 * The places of bars on the time axis: those that hold trades, and the empty ones between, which
 * the chart would otherwise leave out as if no time had passed.
 */
export class TimeSlots {
  readonly #widthMs: number
  readonly #times: number[] = []
  readonly #quiet: Quiet[] = []

  constructor(widthMs: number, barTimes: readonly number[]) {
    this.#widthMs = widthMs
    for (const time of barTimes) this.add(time)
  }

  get widthMs(): number {
    return this.#widthMs
  }

  get times(): readonly number[] {
    return this.#times
  }

  get quiet(): readonly Quiet[] {
    return this.#quiet
  }

  get last(): number | undefined {
    return this.#times.at(-1)
  }

  /** Adds the place of a newer bar; gives the empty ones that came before it. */
  add(time: number): readonly number[] {
    const last = this.last
    if (last === undefined || time === last + this.#widthMs) {
      this.#times.push(time)
      return []
    }
    if (time <= last) return []
    const missing = Math.round((time - last) / this.#widthMs) - 1
    const filled = missing <= longestFilledBreak
    const empty = filled
      ? Array.from({ length: missing }, (_, at) => last + (at + 1) * this.#widthMs)
      : []
    this.#quiet.push({ from: last + this.#widthMs, to: time, filled })
    this.#times.push(...empty, time)
    return empty
  }

  /** The place of a moment: whole at a bar's open; beyond the last bar it goes on evenly. */
  indexOf(ms: number): number {
    const times = this.#times
    const first = times[0]
    const last = times.at(-1)
    if (first === undefined || last === undefined) return 0
    if (ms <= first) return (ms - first) / this.#widthMs
    if (ms >= last) return times.length - 1 + (ms - last) / this.#widthMs
    let low = 0
    let high = times.length - 1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (times[middle]! <= ms) low = middle
      else high = middle
    }
    return low + Math.min(1, (ms - times[low]!) / this.#widthMs)
  }

  /** The moment of a place; before the first and behind the last it goes on evenly. */
  timeAt(index: number): number {
    const times = this.#times
    const last = times.length - 1
    if (last < 0) return 0
    if (index <= 0) return times[0]! + index * this.#widthMs
    if (index >= last) return times[last]! + (index - last) * this.#widthMs
    return times[Math.floor(index)]! + (index % 1) * this.#widthMs
  }
}

/** Where a moment is, in CSS pixels; a bar's open is the left edge of its place. */
export function leftEdge(chart: IChartApi, slots: TimeSlots, ms: number): number {
  const scale = chart.timeScale()
  const index = slots.indexOf(ms)
  const whole = Math.floor(index)
  // The chart knows whole places alone.
  const middle = scale.logicalToCoordinate(whole as Logical) ?? 0
  return middle + (index - whole - 0.5) * scale.options().barSpacing
}

export function chartTime(ms: number): UTCTimestamp {
  return Math.floor(ms / 1000) as UTCTimestamp
}
