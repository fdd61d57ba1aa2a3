import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import {
  barFactsSql,
  barOrigins,
  heldSql,
  pickSources,
  type BarFacts,
} from '../../schema/bar-sources.ts'
import { candleRelation } from '../../schema/tables.ts'
import type { Timeframe } from '../../time.ts'
import { readRows } from './read-rows.ts'

/** The query's text, without the sources of bars that add nothing to what the file holds. */
export async function withPickedSources(
  connection: DuckDBConnection,
  { sql, bars }: Query<unknown>,
  kept: readonly Timeframe[],
): Promise<string> {
  if (bars === undefined) return sql
  return pickSources(sql, bars, await readBarFacts(connection, kept))
}

/** What the file holds, as far as it decides where its bars come from. */
export async function readBarFacts(
  connection: DuckDBConnection,
  kept: readonly Timeframe[],
): Promise<BarFacts> {
  const rows = await readRows<{ kind: string; name: string; micros: number | null }>(
    connection,
    barFactsSql,
  )
  const given = rows.filter(({ kind }) => kind === 'given').map(({ name }) => name)
  const marks = rows.filter(({ kind }) => kind === 'mark')
  return {
    kept,
    given: new Set(given),
    marks: new Map(marks.map(({ name, micros }) => [name, micros ?? -Infinity])),
  }
}

/** The same without asking the file, for who reads more than that. */
export function withKeptSources({ sql, bars }: Query<unknown>, kept: readonly Timeframe[]): string {
  return bars === undefined
    ? sql
    : pickSources(sql, bars, { kept, given: new Set(kept), marks: new Map() })
}

/**
 * For a query of bars that gave nothing: throws `QUERY_FAILED`, naming what is there, when the file
 * holds bars, and none that the asked ones could be made of. An empty answer would pass for a market
 * without trades.
 */
export async function refuseNoSource(
  connection: DuckDBConnection,
  { bars }: Query<unknown>,
): Promise<void> {
  if (bars === undefined) return
  const rows = await readRows<{ name: string }>(connection, heldSql)
  const held = rows.map(({ name }) => (name === 'ticks' ? name : candleRelation(name as Timeframe)))
  if (held.length === 0 || barOrigins(bars).some((origin) => held.includes(origin))) return
  const keptCandles = rows.map(({ name }) => name)
  throw new PairduckError(
    'QUERY_FAILED',
    `there are no bars of ${bars}, and nothing that they could be folded from: the file holds candles of ${keptCandles.join(' ')}, and no ticks`,
    { timeframe: bars, keptCandles },
  )
}

/** Of rows, or of columns. */
export function isWithoutRows(found: object): boolean {
  const list: unknown = Array.isArray(found) ? found : Object.values(found)[0]
  return (list as { readonly length: number } | undefined)?.length === 0
}
