import type { Timeframe } from '../../src/time.ts'
import { regrouped } from '../chart/footprint.ts'
import type { Ending, PairStats, Parameters, RowsByName, ServerInfo, Source } from './source.ts'

/** What `pairduck page` writes into a document. */
export interface FixedData {
  readonly pair: string
  readonly timeframe: Timeframe
  /** The price bin that the footprint's rows have. */
  readonly footprintBin: number
  readonly notes: readonly string[]
  readonly range: { readonly from: number; readonly to: number }
  readonly stats: PairStats
  readonly rows: { readonly [Name in keyof RowsByName]?: readonly RowsByName[Name][] }
}

const nothing: Ending = () => undefined

/** A document of a fixed range: every answer was written into it when it was made. */
export class FixedSource implements Source {
  readonly live = false
  readonly range: Source['range']
  readonly timeframes: readonly Timeframe[]
  readonly notes: readonly string[]
  readonly #data: FixedData

  constructor(data: FixedData) {
    this.#data = data
    this.range = data.range
    this.timeframes = [data.timeframe]
    this.notes = data.notes
  }

  static parse(text: string): FixedSource {
    return new FixedSource(JSON.parse(text) as FixedData)
  }

  async info(): Promise<ServerInfo> {
    return { mirror: false }
  }

  async listPairs(): Promise<string[]> {
    return [this.#data.pair]
  }

  async stats(): Promise<PairStats> {
    return this.#data.stats
  }

  /** Whole bins go into a wider one: a multiple of what was written. */
  footprintBin(wanted: number): number {
    const { footprintBin } = this.#data
    return Number((Math.max(1, Math.ceil(wanted / footprintBin)) * footprintBin).toPrecision(12))
  }

  /** The footprint of a window is chosen and binned here; the rest is as it was written. */
  async rows<Name extends keyof RowsByName>(
    _pair: string,
    name: Name,
    { from, to, binSize }: Parameters,
  ): Promise<readonly RowsByName[Name][]> {
    if (name !== 'footprint') return this.#data.rows[name] ?? []
    const bars = (this.#data.rows.footprint ?? []).filter(
      ({ timestamp }) => timestamp >= Number(from) && timestamp < Number(to),
    )
    return regrouped(
      bars,
      Number(binSize),
    ) as readonly RowsByName[keyof RowsByName][] as readonly RowsByName[Name][]
  }

  follow(): Ending {
    return nothing
  }

  followStore(): Ending {
    return nothing
  }

  async metrics(): Promise<string> {
    return ''
  }

  mirror(): Promise<never> {
    return Promise.reject(new Error('a document of a fixed range holds no account'))
  }
}
