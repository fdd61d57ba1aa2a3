import type { Pair } from '../../pair.ts'
import { deletedBeforeSql } from '../../queries/coverage.ts'
import { getCandlesQuery } from '../../queries/index.ts'
import { query, type Query } from '../../queries/query.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { isTimeframe, timeframeMs, type Timeframe } from '../../time.ts'

export type Bar = Pick<StoredCandle, 'timestamp' | 'open' | 'high' | 'low' | 'close' | 'volume'>

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

/**
 * Bars of any length from the longest candles that the pair keeps and that fit into it: they are
 * kept longer than trades. From the trades where no kept candle fits. A bar that retention has cut
 * into is left out.
 */
export async function barsOf(
  store: MarketStore,
  pair: Pair,
  { timeframe, from, to, limit }: BarsAsked,
): Promise<Bar[]> {
  const window = {
    to: Math.max(to, earliest),
    ...(from === undefined ? {} : { from: Math.max(from, earliest) }),
  }
  const kept = await longestKept(store, pair, timeframe)
  return kept === undefined
    ? store.query(pair, getCandlesQuery({ timeframe, source: 'ticks', limit, ...window }))
    : store.query(pair, foldedQuery(kept, { timeframe, limit, ...window }))
}

/** When the newest bar before a moment opens, in Unix ms; undefined: nothing is older. */
export async function newestBarBefore(
  store: MarketStore,
  pair: Pair,
  { timeframe, to }: BarsAsked,
): Promise<number | undefined> {
  const [bar] = await barsOf(store, pair, { timeframe, to, limit: 1 })
  return bar?.timestamp
}

/** Whether a pair keeps candles of exactly this length. */
export async function keeps(
  store: MarketStore,
  pair: Pair,
  timeframe: Timeframe,
): Promise<boolean> {
  return (await longestKept(store, pair, timeframe)) === timeframe
}

async function longestKept(
  store: MarketStore,
  pair: Pair,
  timeframe: Timeframe,
): Promise<Timeframe | undefined> {
  const rows = await store.query(pair, keptCandlesQuery)
  return rows
    .map(({ name }) => name.replace('candles_', ''))
    .filter((name) => isTimeframe(name))
    .filter((name) => timeframeMs[timeframe] % timeframeMs[name] === 0)
    .sort((a, b) => timeframeMs[a] - timeframeMs[b])
    .at(-1)
}

const keptCandlesQuery: Query<{ name: string }> = query(
  'keptCandles',
  `SELECT table_name AS "name" FROM information_schema.tables
  WHERE table_name LIKE 'candles\\_%' ESCAPE '\\'`,
)

function foldedQuery(kept: Timeframe, { timeframe, from, to, limit }: BarsAsked): Query<Bar> {
  const relation = `candles_${kept}` as const
  const width = timeframeMs[timeframe] * 1000
  const opening = (name: string): string =>
    `make_timestamp(($${name} + ${width - 1}) // ${width} * ${width})`
  const since = from === undefined ? '' : `timestamp >= ${opening('from')} AND`
  return query(
    'bars',
    `SELECT * FROM (
      SELECT make_timestamp(micros) AS "timestamp", arg_min(open, timestamp) AS "open",
        max(high) AS "high", min(low) AS "low", arg_max(close, timestamp) AS "close",
        sum(volume) AS "volume"
      FROM (
        SELECT *, epoch_us(timestamp) // ${width} * ${width} AS micros
        FROM ${relation} WHERE ${since} timestamp < ${opening('to')})
      WHERE make_timestamp(micros) >= coalesce(${deletedBeforeSql(relation)}, '-infinity'::TIMESTAMP)
      GROUP BY micros ORDER BY micros DESC ${limit === undefined ? '' : `LIMIT ${limit}`})
    ORDER BY 1`,
    {
      to: BigInt(Math.round(to * 1000)),
      ...(from === undefined ? {} : { from: BigInt(Math.round(from * 1000)) }),
    },
  )
}
