import type {
  Ending,
  LedgerGap,
  PairStats,
  Parameters,
  RowsByName,
  ServerInfo,
  Source,
} from './source.ts'

/** What `pairduck page` writes into a document. */
export interface FixedData {
  readonly pair: string
  readonly timeframe: string
  readonly range: { readonly from: number; readonly to: number }
  readonly stats: PairStats
  readonly gaps: readonly LedgerGap[]
  readonly rows: { readonly [Name in keyof RowsByName]?: readonly RowsByName[Name][] }
}

const nothing: Ending = () => undefined

/** A document of a fixed range: every answer was written into it when it was made. */
export class FixedSource implements Source {
  readonly live = false
  readonly range: Source['range']
  readonly #data: FixedData

  constructor(data: FixedData) {
    this.#data = data
    this.range = data.range
  }

  static parse(text: string): FixedSource {
    return new FixedSource(JSON.parse(text) as FixedData)
  }

  async info(): Promise<ServerInfo> {
    return { mirror: false }
  }

  async gaps(): Promise<readonly LedgerGap[]> {
    return this.#data.gaps
  }

  async listPairs(): Promise<string[]> {
    return [this.#data.pair]
  }

  async stats(): Promise<PairStats> {
    return this.#data.stats
  }

  /** Bars of a window are chosen here; the rest is of the whole range, as it was written. */
  async rows<Name extends keyof RowsByName>(
    _pair: string,
    name: Name,
    { from, to }: Parameters,
  ): Promise<readonly RowsByName[Name][]> {
    const rows: readonly RowsByName[Name][] = this.#data.rows[name] ?? []
    if (name !== 'footprint') return rows
    return rows.filter((row) => {
      const { timestamp } = row as RowsByName['footprint']
      return timestamp >= Number(from) && timestamp < Number(to)
    })
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
