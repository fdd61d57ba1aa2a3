import type {
  CvdBar,
  DetectedFvg,
  DetectedZone,
  FootprintBar,
  GapRow,
  LargeTrade,
  MarketProfile,
  StoredCandle,
} from 'pairduck'
import type { Timeframe } from '../../src/time.ts'

/** What the page asks of a pair, by the last part of its address. */
export interface RowsByName {
  readonly candles: StoredCandle
  readonly 'cvd-bars': CvdBar
  readonly fvg: DetectedFvg
  readonly zones: DetectedZone
  readonly profile: MarketProfile
  readonly footprint: FootprintBar
  readonly 'large-trades': LargeTrade
  readonly gaps: LedgerGap
}

/** A hole of the ledger. */
export type LedgerGap = Pick<GapRow, 'fromTime' | 'toTime' | 'state'>

export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

/** As `/api/v1/pairs/{exchange}/{market}/{symbol}/stats` gives it. */
export interface PairStats {
  readonly pair: string
  readonly fileBytes: number | null
  readonly walBytes: number | null
  readonly ticks: number
  readonly oldestTick: number | null
  readonly newestTick: number | null
  readonly ticksPerSecond: number
  readonly gaps: { readonly open: number; readonly unfillable: number; readonly unproved: number }
  readonly retention: Readonly<Record<string, number | null>>
  readonly candles: readonly string[]
}

/** As `/api/v1/info` gives it. */
export interface ServerInfo {
  /** Whether it reads an account mirror. */
  readonly mirror: boolean
}

/** What a stream of events tells. */
export interface StreamListener {
  /** `event` is its name, such as `candles`; `data` its JSON. */
  readonly onEvent: (event: string, data: unknown) => void
  /** Whether the stream stands. */
  readonly onState: (state: 'open' | 'lost') => void
}

/** Ends a stream. */
export type Ending = () => void

/** Where the page has its data from: a server that goes on, or what is written into the document. */
export interface Source {
  /** False for a document of a fixed range: nothing changes, and there is one pair. */
  readonly live: boolean
  /** The lengths of bars that it has. */
  readonly timeframes: readonly Timeframe[]
  /** What the data leave out, in words for the user. */
  readonly notes: readonly string[]
  /** The window that every question is about; undefined: up to now. */
  readonly range: { readonly from: number; readonly to: number } | undefined
  /** The bin of a footprint nearest above a wanted one. */
  footprintBin(wanted: number): number
  info(): Promise<ServerInfo>
  listPairs(): Promise<string[]>
  stats(pair: string): Promise<PairStats>
  rows<Name extends keyof RowsByName>(
    pair: string,
    name: Name,
    parameters: Parameters,
  ): Promise<readonly RowsByName[Name][]>
  /** The trades and bars of a pair, as they are stored. */
  follow(pair: string, timeframe: Timeframe, listener: StreamListener): Ending
  /** What the whole store tells: commits, cleanups, errors. */
  followStore(listener: StreamListener): Ending
  /** Prometheus' text. */
  metrics(): Promise<string>
  /** An answer of `/api/v1/mirror/…`. */
  mirror<T>(name: string, parameters?: Parameters): Promise<T>
}
