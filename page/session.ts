import type { StoredCandle } from 'pairduck'
import { timeframeMs, type Timeframe } from '../src/time.ts'
import { footprintBin, leastBarPixels, type ShownFootprint } from './chart/footprint.ts'
import { gapBox, holesOf, zoneBox } from './chart/marks.ts'
import type { MarketChart, View } from './chart/market-chart.ts'
import type { ShownProfile } from './chart/profile.ts'
import { Newest } from './newest.ts'
import { roundStep } from './shell/figures.ts'
import type { Ending, PairStats, Parameters, RowsByName, Source } from './source/source.ts'

/** What of the chart's layers is switched on. */
export interface Layers {
  readonly cvd: boolean
  readonly profile: boolean
  readonly footprint: boolean
  readonly gaps: boolean
  readonly zones: boolean
  readonly holes: boolean
  readonly trades: boolean
}

export interface SessionEvents {
  readonly onState: (state: 'open' | 'lost') => void
  /** What is wrong, or why nothing is shown; empty when all is well. */
  readonly onNotice: (text: string) => void
  readonly onBars: () => void
}

const barsAtOnce = 1500
const mostBars = 20_000
const mostMarkers = 25
const profileRows = 90
const settleMs = 150
const liveRefreshMs = 1500

/** One pair in one timeframe on the chart: loads it, follows it, and asks again for what is seen. */
export class Session {
  readonly #source: Source
  readonly #chart: MarketChart
  readonly #events: SessionEvents
  #layers: Layers
  #pair = ''
  #timeframe: Timeframe
  #stats: PairStats | undefined
  /** Grows with each pair and timeframe: answers to older questions are dropped. */
  #generation = 0
  #end: Ending | undefined
  #viewTimer: ReturnType<typeof setTimeout> | undefined
  #liveTimer: ReturnType<typeof setTimeout> | undefined
  readonly #marks = new Newest()
  readonly #views = new Newest()
  #loadingOlder = false
  #hasOlder = true

  constructor(source: Source, chart: MarketChart, layers: Layers, events: SessionEvents) {
    this.#source = source
    this.#timeframe = source.timeframes.includes('1m') ? '1m' : source.timeframes[0]!
    this.#chart = chart
    this.#layers = layers
    this.#events = events
    chart.onView(() => this.#viewChanged())
  }

  get pair(): string {
    return this.#pair
  }

  get timeframe(): Timeframe {
    return this.#timeframe
  }

  /** Shows a pair; what was shown before is let go at once. */
  async open(pair: string, timeframe: Timeframe): Promise<void> {
    const generation = ++this.#generation
    this.#end?.()
    this.#end = undefined
    this.#pair = pair
    this.#timeframe = timeframe
    this.#hasOlder = true
    this.#loadingOlder = false
    this.#clear()
    try {
      this.#stats = await this.#source.stats(pair)
      const bars = await this.#rows('candles', { ...this.#bars(), limit: barsAtOnce })
      if (generation !== this.#generation) return
      this.#chart.setBars(bars, timeframeMs[timeframe])
      this.#events.onBars()
      this.#events.onNotice(bars.length === 0 ? this.#emptyText() : '')
      if (this.#source.live) this.#follow(generation)
      await Promise.all([this.#loadMarks(), this.#loadView()])
    } catch (error) {
      if (generation === this.#generation) this.#events.onNotice(messageOf(error))
    }
  }

  setLayers(layers: Layers): void {
    this.#layers = layers
    this.#chart.showCvd(layers.cvd)
    this.#ignoreFailure(Promise.all([this.#loadMarks(), this.#loadView()]))
  }

  #clear(): void {
    const chart = this.#chart
    chart.setCvd([])
    chart.setGaps([])
    chart.setZones([])
    chart.setHoles([])
    chart.setTrades([])
    chart.setProfile(undefined)
    chart.setFootprint(undefined)
  }

  #follow(generation: number): void {
    this.#end = this.#source.follow(this.#pair, this.#timeframe, {
      onState: this.#events.onState,
      onEvent: (event, data) => {
        if (generation !== this.#generation) return
        if (event === 'candles') this.#takeBars((data as { candles: StoredCandle[] }).candles)
        else if (event === 'late') this.#ignoreFailure(this.#reload())
        else if (event === 'ticks' && !this.#streamsBars) this.#ignoreFailure(this.#askBars())
      },
    })
  }

  /** The stream tells bars from where they are kept by default; others are asked for. */
  get #streamsBars(): boolean {
    const kept = this.#stats?.candles.includes(this.#timeframe) === true
    return kept === ['1m', '5m', '15m'].includes(this.#timeframe)
  }

  async #askBars(): Promise<void> {
    this.#takeBars(await this.#rows('candles', { ...this.#bars(), limit: 2 }))
  }

  #takeBars(bars: readonly StoredCandle[]): void {
    const before = this.#chart.slots.last
    if (before === undefined) {
      this.#ignoreFailure(this.#reload())
      return
    }
    this.#chart.updateBars(bars)
    this.#events.onBars()
    const isNewBar = this.#chart.slots.last !== before
    // Detectors use closed bars alone: nothing of theirs changes before the next one opens.
    if (isNewBar) this.#ignoreFailure(this.#loadMarks())
    if (this.#liveTimer !== undefined) return
    this.#liveTimer = setTimeout(() => {
      this.#liveTimer = undefined
      this.#ignoreFailure(this.#loadView())
    }, liveRefreshMs)
  }

  async #reload(): Promise<void> {
    const limit = Math.max(barsAtOnce, this.#chart.bars.length)
    const bars = await this.#rows('candles', { ...this.#bars(), limit })
    this.#chart.setBars(bars, timeframeMs[this.#timeframe], this.#chart.bars.length > 0)
    this.#events.onNotice(bars.length === 0 ? this.#emptyText() : '')
    this.#events.onBars()
    await Promise.all([this.#loadMarks(), this.#loadView()])
  }

  #viewChanged(): void {
    clearTimeout(this.#viewTimer)
    this.#viewTimer = setTimeout(() => {
      const view = this.#chart.view()
      if (view === undefined) return
      if (view.firstIndex < 20) this.#ignoreFailure(this.#loadOlder())
      this.#ignoreFailure(this.#loadView())
    }, settleMs)
  }

  /** History behind the left edge, when the user gets there. */
  async #loadOlder(): Promise<void> {
    const first = this.#chart.bars[0]
    if (first === undefined || this.#loadingOlder || !this.#hasOlder || !this.#source.live) return
    if (this.#chart.bars.length >= mostBars) return
    this.#loadingOlder = true
    try {
      const asked = { ...this.#bars(), limit: barsAtOnce, to: first.timestamp }
      const older = await this.#rows('candles', asked)
      this.#hasOlder = older.length === barsAtOnce
      if (older.length === 0) return
      this.#chart.setBars([...older, ...this.#chart.bars], timeframeMs[this.#timeframe], true)
      await this.#loadMarks()
    } finally {
      this.#loadingOlder = false
    }
  }

  /** What belongs to all loaded bars: the delta's sum, gaps, zones, holes, large trades. */
  async #loadMarks(): Promise<void> {
    const from = this.#chart.bars[0]?.timestamp
    if (from === undefined) return
    const { cvd, gaps, zones, holes, trades } = this.#layers
    const timeframe = this.#timeframe
    const count = this.#stats?.ticks ?? 0
    const quantile = Math.max(0.99, 1 - mostMarkers / Math.max(1, count))
    const isNewest = this.#marks.ask()
    const [cvdBars, fvgs, found, large, ledger] = await Promise.all([
      cvd ? this.#rows('cvd-bars', { timeframe, from }) : [],
      gaps ? this.#rows('fvg', { ...this.#bars(), from }) : [],
      zones ? this.#rows('zones', { ...this.#bars(), from }) : [],
      trades && count > 0 ? this.#rows('large-trades', { from, quantile }) : [],
      holes ? this.#rows('gaps', {}) : [],
    ])
    if (!isNewest()) return
    const chart = this.#chart
    chart.setCvd(cvdBars)
    chart.setGaps(fvgs.map((gap) => gapBox(gap)))
    chart.setZones(found.map((zone) => zoneBox(zone)))
    chart.setTrades(large.slice(-mostMarkers))
    chart.setHoles(holes ? holesOf(chart.slots.quiet, ledger) : [])
  }

  /** What belongs to the part that is seen: the profile at its side, the footprint of its bars. */
  async #loadView(): Promise<void> {
    const view = this.#chart.view()
    if (view === undefined) return
    const { profile, footprint } = this.#layers
    const isNewest = this.#views.ask()
    const hasFootprint = footprint && view.barPixels >= leastBarPixels
    const [foundProfile, foundFootprint] = await Promise.all([
      profile ? this.#profileOf(view) : undefined,
      hasFootprint ? this.#footprintOf(view) : undefined,
    ])
    if (!isNewest()) return
    this.#chart.setProfile(foundProfile)
    this.#chart.setFootprint(foundFootprint)
  }

  async #profileOf(view: View): Promise<ShownProfile | undefined> {
    const bars = this.#chart.bars.filter(
      ({ timestamp }) => timestamp >= view.fromMs && timestamp < view.toMs,
    )
    const high = bars.reduce((most, bar) => Math.max(most, bar.high), -Infinity)
    const low = bars.reduce((least, bar) => Math.min(least, bar.low), Infinity)
    if (!(high > low)) return undefined
    const binSize = Math.max(this.#chart.tick, roundStep((high - low) / profileRows))
    const [found] = await this.#rows('profile', { ...windowOf(view), binSize })
    return found
  }

  async #footprintOf(view: View): Promise<ShownFootprint> {
    const wanted = footprintBin(view.pricePerPixel, this.#chart.tick)
    const binSize = this.#source.footprintBin(wanted)
    const asked = { ...windowOf(view), timeframe: this.#timeframe, binSize }
    return { binSize, bars: await this.#rows('footprint', asked) }
  }

  /** Bars from where the file has them. */
  #bars(): { timeframe: Timeframe; source: 'candles' | 'ticks' } {
    const kept = this.#stats?.candles.includes(this.#timeframe) === true
    return { timeframe: this.#timeframe, source: kept ? 'candles' : 'ticks' }
  }

  /** Rows for the pair on view; an answer that comes after another was chosen never ends. */
  async #rows<Name extends keyof RowsByName>(
    name: Name,
    parameters: Parameters,
  ): Promise<readonly RowsByName[Name][]> {
    const generation = this.#generation
    const never = new Promise<never>(() => undefined)
    try {
      const rows = await this.#source.rows(this.#pair, name, parameters)
      return generation === this.#generation ? rows : await never
    } catch (error) {
      if (generation === this.#generation) throw error
      return never
    }
  }

  #emptyText(): string {
    const stats = this.#stats
    return stats === undefined || stats.ticks === 0
      ? 'Nothing is stored of this pair yet. What comes is shown at once.'
      : `No bar of ${this.#timeframe} is stored: the trades kept are too short a time for it.`
  }

  #ignoreFailure(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#events.onNotice(messageOf(error)))
  }
}

function windowOf({ fromMs, toMs }: View): Parameters {
  return { from: Math.floor(fromMs), to: Math.ceil(toMs) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
