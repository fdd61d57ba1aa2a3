import {
  planRefresh,
  refreshSql,
  refreshFactsQuery,
  type RefreshFact,
} from '../../queries/refresh/index.ts'
import { isTimeframe, msFromMicros, type Clock, type Timeframe } from '../../time.ts'
import { number, optional, rule, type OptionRule } from '../../options.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import type { RefreshResult } from '../events/outcomes.ts'
import { nowRule } from './cleanup-options.ts'
import { momentOf, type CleanupNow } from './pair-cleanup.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'

/** Options of `refreshAnalytics`. */
export interface RefreshOptions {
  /** Bars that had closed by then are processed: the manager's clock, Unix ms or 'newest-tick'. */
  readonly now?: CleanupNow | undefined
  /** Of the candles that the pair keeps. Default: all of them. */
  readonly timeframes?: readonly Timeframe[] | undefined
  /** The width of the profile's bins. Default: a power of ten, 1/1,000 to 1/10,000 of the price. */
  readonly binSize?: number | undefined
}

/** The rules of {@link RefreshOptions}. */
export const refreshRules: {
  readonly [Name in keyof RefreshOptions]-?: OptionRule<RefreshOptions[Name]>
} = {
  now: nowRule,
  timeframes: rule(
    'a list of timeframes',
    (value) => Array.isArray(value) && value.every((each) => isTimeframe(each)),
    undefined,
  ),
  binSize: optional(number(Number.MIN_VALUE, Number.MAX_VALUE, 1)),
}

/**
 * Brings a pair's order_flow, market_profile, supply_demand_zones and fair_value_gaps up to date,
 * as one job of its writer and one transaction: rows and how far they go move together. Doing it
 * again changes nothing; with nothing new it is one small query.
 */
export function refreshDatabase(
  database: PairDatabase,
  options: RefreshOptions,
  clock: Clock,
): Promise<RefreshResult> {
  const { timeframes = database.candles, binSize } = options
  const unknown = timeframes.find((timeframe) => !database.candles.includes(timeframe))
  if (unknown !== undefined)
    throw new RangeError(
      `${database.name} keeps candles of ${database.candles.join(' ')}, not ${unknown}: analytics are made of those`,
    )
  return database.writer.run(async (connection) => {
    try {
      const now = momentOf(options.now ?? clock(), database.writer.ticks.state.newest)
      if (now === undefined) return { pair: database.name, refreshed: [], dueAt: null }
      const facts = await readRows<RefreshFact>(connection, refreshFactsQuery.sql)
      const { passes, dueAt } = planRefresh(facts, timeframes, now)
      const { ticks } = database.writer
      // What is rolled up is read as candles, not folded from ticks once per pass.
      if (passes.length > 0) await ticks.rollUp(ticks.rollTarget())
      if (passes.length > 0)
        await inTransaction(connection, async () => {
          for (const pass of passes)
            for (const sql of refreshSql(pass, { binSize })) await connection.run(sql)
        })
      for (const { until } of passes) ticks.raiseAnalyzedUntil(until)
      return {
        pair: database.name,
        refreshed: passes.map(({ timeframe, from, until }) => ({
          timeframe,
          from: Number.isFinite(from) ? msFromMicros(from) : null,
          until: msFromMicros(until),
        })),
        dueAt,
      }
    } catch (error) {
      throw fromDuckDb(error, database.name, 'QUERY_FAILED')
    }
  })
}
