import { planRefresh, refreshSql, refreshFactsQuery } from '../../src/queries/refresh/index.ts'
import { query } from '../../src/queries/query.ts'
import { markDirtySql } from '../../src/schema/analytics-state.ts'
import { latePartsSql, rollUpSql } from '../../src/schema/roll-up.ts'
import type { Tick } from '../../src/schema/rows.ts'
import { microsFromMs, timeframes, type Timeframe } from '../../src/time.ts'
import type { Duck } from './duck.ts'

/** What the pair's writer does to a file, on a plain DuckDB: late parts, dirty marks, roll-ups. */
export class PlainWriter {
  readonly #duck: Duck
  #rolledUntil = -Infinity

  constructor(duck: Duck) {
    this.#duck = duck
  }

  async insert(ticks: readonly Tick[]): Promise<void> {
    if (ticks.length === 0) return
    const duck = this.#duck
    const before = (
      await duck.query(
        query<{ n: number }>('n', 'SELECT coalesce(max(rowid) + 1, 0) AS n FROM ticks'),
      )
    )[0]!.n
    await duck.insertTicks(ticks)
    const batch = `(SELECT * FROM ticks WHERE rowid >= ${before})`
    const oldest = microsFromMs(Math.min(...ticks.map(({ timestamp }) => timestamp)))
    const rolledUntil = this.#rolledUntil
    if (oldest < rolledUntil)
      await duck.run(latePartsSql(timeframes, batch, { from: oldest, rolledUntil }))
    await duck.run(markDirtySql(`make_timestamp(${oldest})`))
  }

  async rollUp(untilMs: number): Promise<void> {
    const until = microsFromMs(untilMs)
    if (until <= this.#rolledUntil) return
    await this.#duck.run(rollUpSql(timeframes, { from: this.#rolledUntil, until }))
    this.#rolledUntil = until
  }
}

/** A refresh as storage applies it; `failAfter` cuts it off before that statement. */
export async function refresh(
  duck: Duck,
  nowMs: number,
  kept: readonly Timeframe[],
  { binSize, failAfter = Infinity }: { binSize?: number; failAfter?: number } = {},
): Promise<number> {
  const { passes } = planRefresh(await duck.query(refreshFactsQuery), kept, nowMs)
  const statements = passes.flatMap((pass) => refreshSql(pass, { binSize }))
  await duck.run('BEGIN')
  for (const [index, sql] of statements.entries()) {
    if (index >= failAfter) {
      await duck.run('ROLLBACK')
      return passes.length
    }
    await duck.run(sql)
  }
  await duck.run('COMMIT')
  return passes.length
}

export interface Kept {
  readonly order_flow: Record<string, unknown>[]
  readonly market_profile: Record<string, unknown>[]
  readonly supply_demand_zones: Record<string, unknown>[]
  readonly fair_value_gaps: Record<string, unknown>[]
}

/** Everything that is kept, in one order; sums to nine digits, for they were added up differently. */
export async function keptRows(duck: Pick<Duck, 'query'>): Promise<Kept> {
  const rows = async (table: keyof Kept): Promise<Record<string, unknown>[]> =>
    (
      await duck.query(query<Record<string, unknown>>(table, `SELECT * FROM ${table} ORDER BY ALL`))
    ).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'number' && summed.has(name) ? Number(value.toPrecision(9)) : value,
        ]),
      ),
    )
  return {
    order_flow: await rows('order_flow'),
    market_profile: await rows('market_profile'),
    supply_demand_zones: await rows('supply_demand_zones'),
    fair_value_gaps: await rows('fair_value_gaps'),
  }
}

const summed = new Set([
  'cvd',
  'delta',
  'buy_volume',
  'sell_volume',
  'imbalance_ratio',
  'total_volume',
  'strength',
])
