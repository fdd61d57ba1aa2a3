import type { Pair } from '../../pair.ts'
import { getCandlesQuery } from '../../queries/index.ts'
import { query, type Query } from '../../queries/query.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import { candleRelation } from '../../schema/tables.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import type { Timeframe } from '../../time.ts'

export type Bar = Pick<StoredCandle, 'timestamp' | 'open' | 'high' | 'low' | 'close' | 'volume'>

/** Where an answer is read, and when its time is over. */
export interface Source {
  readonly store: MarketStore
  readonly signal: AbortSignal
}

export interface BarsAsked {
  readonly timeframe: Timeframe
  /** Unix ms; the oldest there are without it. */
  readonly from?: number
  /** Unix ms, exclusive. */
  readonly to: number
  /** Only the newest so many. */
  readonly limit?: number | undefined
}

/** The earliest time that the builders take. */
const earliest = 946_684_800_000

/** Bars of any length from whatever the pair holds: candles are kept longer than trades. */
export async function barsOf(
  { store, signal }: Source,
  pair: Pair,
  { timeframe, from, to, limit }: BarsAsked,
): Promise<Bar[]> {
  const window = {
    to: Math.max(to, earliest),
    ...(from === undefined ? {} : { from: Math.max(from, earliest) }),
  }
  return store.query(pair, getCandlesQuery({ timeframe, limit, ...window }), { signal })
}

/** When the newest bar before a moment opens, in Unix ms; undefined: nothing is older. */
export async function newestBarBefore(
  source: Source,
  pair: Pair,
  { timeframe, to }: BarsAsked,
): Promise<number | undefined> {
  const [bar] = await barsOf(source, pair, { timeframe, to, limit: 1 })
  return bar?.timestamp
}

/** Whether a pair keeps candles of exactly this length. */
export async function keeps(
  { store, signal }: Source,
  pair: Pair,
  timeframe: Timeframe,
): Promise<boolean> {
  const kept = await store.query(pair, keptCandlesQuery, { signal })
  return kept.some(({ name }) => name === candleRelation(timeframe))
}

const keptCandlesQuery: Query<{ name: string }> = query(
  'keptCandles',
  `SELECT table_name AS "name" FROM information_schema.tables
  WHERE table_name LIKE 'candles\\_%' ESCAPE '\\'`,
)
