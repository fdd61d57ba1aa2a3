import { stat } from 'node:fs/promises'
import { formatPair, type Pair } from '../../pair.ts'
import { query } from '../../queries/query.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { pairFiles } from '../../storage/file/pair-files.ts'

/** What a pair holds, as `/api/v1/pairs/{exchange}/{market}/{symbol}/stats` gives it. */
export interface PairStats {
  readonly pair: string
  /** Bytes of the database file, and of its write-ahead log; null where the store has no files. */
  readonly fileBytes: number | null
  readonly walBytes: number | null
  readonly ticks: number
  /** Unix ms. */
  readonly oldestTick: number | null
  readonly newestTick: number | null
  /** Trades per second in the minute before the newest one. */
  readonly ticksPerSecond: number
  /** Holes of the recorded trades that are not filled, by state. */
  readonly gaps: { readonly open: number; readonly unfillable: number; readonly unproved: number }
  /** The pair's own rules: table → how long it is kept, in ms; null: for ever. */
  readonly retention: Readonly<Record<string, number | null>>
  /** Timeframes whose bars the file keeps. */
  readonly candles: readonly string[]
}

interface TickFigures {
  readonly ticks: number
  readonly oldest: number | null
  readonly newest: number | null
  readonly lastMinute: number
}

const tickFigures = query<TickFigures>(
  'tickFigures',
  `SELECT count(*) AS "ticks", min(timestamp) AS "oldest", max(timestamp) AS "newest",
    (SELECT count(*) FROM ticks WHERE timestamp > (SELECT max(timestamp) FROM ticks) - INTERVAL 1 MINUTE) AS "lastMinute"
  FROM ticks`,
)
const gapFigures = query<{ state: string; count: number }>(
  'gapFigures',
  `SELECT state AS "state", count(*) AS "count" FROM gaps WHERE state <> 'filled' GROUP BY state`,
)
const rules = query<{ relation: string; keepMs: number | null }>(
  'retentionRules',
  `SELECT relation AS "relation", keep_ms AS "keepMs" FROM retention_rules ORDER BY relation`,
)
const keptCandles = query<{ name: string }>(
  'keptCandles',
  `SELECT table_name AS "name" FROM information_schema.tables
  WHERE table_name LIKE 'candles\\_%' ESCAPE '\\' AND table_catalog = current_database()
  ORDER BY table_name`,
)

export async function pairStats(
  store: MarketStore,
  pair: Pair,
  signal?: AbortSignal,
): Promise<PairStats> {
  const [ticks] = await store.query(pair, tickFigures, { signal })
  const gaps = await store.query(pair, gapFigures, { signal })
  const retention = await store.query(pair, rules, { signal })
  const candles = await store.query(pair, keptCandles, { signal })
  const countOf = (state: string): number => gaps.find((gap) => gap.state === state)?.count ?? 0
  return {
    pair: formatPair(pair),
    ...(await fileSizes(store, pair)),
    ticks: ticks?.ticks ?? 0,
    oldestTick: ticks?.oldest ?? null,
    newestTick: ticks?.newest ?? null,
    ticksPerSecond: (ticks?.lastMinute ?? 0) / 60,
    gaps: {
      open: countOf('open'),
      unfillable: countOf('unfillable'),
      unproved: countOf('unproved'),
    },
    retention: Object.fromEntries(retention.map(({ relation, keepMs }) => [relation, keepMs])),
    candles: candles.map(({ name }) => name.slice('candles_'.length)),
  }
}

/** Only a store of this machine has files. */
async function fileSizes(
  store: MarketStore,
  pair: Pair,
): Promise<Pick<PairStats, 'fileBytes' | 'walBytes'>> {
  const { dataDir } = store as { readonly dataDir?: unknown }
  if (typeof dataDir !== 'string') return { fileBytes: null, walBytes: null }
  const { database, wal } = pairFiles(dataDir, pair)
  return { fileBytes: await sizeOf(database), walBytes: await sizeOf(wal) }
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}
