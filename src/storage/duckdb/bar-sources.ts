import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import {
  barFactsSql,
  barOrigins,
  begunSql,
  finerTimeframes,
  heldSql,
  madeFactsSql,
  pickSources,
  withoutClosed,
  type BarFacts,
} from '../../schema/bar-sources.ts'
import {
  deltaFactsSql,
  deltasAsked,
  deltaSource,
  toldByBars,
  withBars,
  type DeltaFact,
} from '../../schema/delta-sources.ts'
import { isAsBuilt } from '../../schema/as-built.ts'
import { forItsOldest, oldestTickSql, withOldestTick } from '../../schema/oldest-rows.ts'
import { candleRelation } from '../../schema/tables.ts'
import {
  asksForWholeBars,
  fewTicks,
  wholeBarsOf,
  withWholeBars,
} from '../../schema/total-sources.ts'
import type { Timeframe } from '../../time.ts'
import { refuseMadeInto } from './one-select.ts'
import { readRows } from './read-rows.ts'

/** What a text of bars is to be made for. */
export interface BarFile {
  /** The timeframes that the file keeps. */
  readonly kept: readonly Timeframe[]
  /**
   * `now`: it is read as it is in this transaction. `later`: it may be written to until it is. `old`: it
   * is of a schema that does not say which bars are closed, and what they know.
   */
  readonly read: 'now' | 'later' | 'old'
  /** The time of its oldest tick in Unix ms, where it holds many and that is known without asking it. */
  readonly oldestTick?: number | undefined
}

/** Whether files of a schema version do. */
export function saysWhatIsClosed(version: number): boolean {
  return version >= 8
}

/** The text of a query of deltas, with what stored bars tell of them in the file as it is now. */
async function withBarsThatTell(
  connection: DuckDBConnection,
  sql: string,
  kept: readonly Timeframe[],
): Promise<string> {
  const whole = asksForWholeBars(sql)
  const asked = whole ? ({ timeframe: wholeBarsOf, swing: false } as const) : deltasAsked(sql)
  const source = asked && deltaSource(asked, kept)
  if (asked === undefined || source === undefined) return sql
  if (whole && (await countTicks(connection)) < fewTicks) return sql
  const facts = await readRows<DeltaFact>(connection, deltaFactsSql(source, asked))
  const told = toldByBars(source, facts)
  if (told === undefined) return sql
  return whole ? withWholeBars(sql, told) : withBars(sql, asked, told)
}

/** The engine knows it without looking at them. */
async function countTicks(connection: DuckDBConnection): Promise<number> {
  const [row] = await readRows<{ ticks: number }>(connection, 'SELECT count(*) AS ticks FROM ticks')
  return row!.ticks
}

/** The query's text, without the sources of bars that add nothing to what the file holds. */
export async function withPickedSources(
  connection: DuckDBConnection,
  query: Query<unknown>,
  file: BarFile,
): Promise<string> {
  const picked = await pickedSources(connection, query, file)
  const isAsked = picked.includes(forItsOldest('ticks')) && isAsBuilt(query)
  if (file.oldestTick === undefined || !isAsked) return picked
  // What is known may be of another state of the file than is read: that is looked at before it is put in.
  const rows = await readRows<{ micros: number | null }>(connection, oldestTickSql(file.oldestTick))
  const micros = rows[0]?.micros ?? undefined
  return micros === undefined ? picked : withOldestTick(picked, micros)
}

async function pickedSources(
  connection: DuckDBConnection,
  query: Query<unknown>,
  { kept, read }: BarFile,
): Promise<string> {
  const { sql, bars, isStrangers } = query
  if (bars === undefined) {
    if (isStrangers === true) return refuseMadeInto(connection, query, sql)
    return read === 'now' && isAsBuilt(query) ? withBarsThatTell(connection, sql, kept) : sql
  }
  // A stranger's text is looked at again, which is only done once while it stays the same.
  const made = read === 'now' && isStrangers !== true ? bars : undefined
  const picked = pickSources(sql, bars, await readBarFacts(connection, { kept, made }))
  return refuseMadeInto(connection, query, read === 'old' ? withoutClosed(picked) : picked)
}

/**
 * What the file holds, as far as it decides where its bars come from; and how far those are made that
 * bars of the timeframe `made` come from, where what reads them reads the same state of the file.
 */
export async function readBarFacts(
  connection: DuckDBConnection,
  { kept, made }: { readonly kept: readonly Timeframe[]; readonly made: Timeframe | undefined },
): Promise<BarFacts> {
  const rows = await readRows<{ kind: string; name: string; micros: number | null }>(
    connection,
    made === undefined ? barFactsSql : madeFactsSql,
  )
  const of = (kind: string): ReadonlyMap<string, number> =>
    new Map(
      rows
        .filter((row) => row.kind === kind)
        .map(({ name, micros }) => [name, micros ?? -Infinity]),
    )
  const [rolledUntil, mergedUntil] = ['rolled', 'merged'].map((kind) => [...of(kind).values()][0])
  const facts = { kept, given: of('given'), marks: of('mark') }
  if (made === undefined || rolledUntil === undefined) return facts
  const timeframe = finerTimeframes(made).find((each) => kept.includes(each))
  const begun =
    timeframe === undefined || mergedUntil === undefined
      ? undefined
      : { timeframe, ticks: await ticksBegun(connection, timeframe, mergedUntil) }
  return { ...facts, made: { rolledUntil, mergedUntil, begun } }
}

async function ticksBegun(
  connection: DuckDBConnection,
  timeframe: Timeframe,
  mergedUntil: number,
): Promise<number> {
  if (mergedUntil === -Infinity) return 0
  const [row] = await readRows<{ ticks: number | null }>(
    connection,
    begunSql(timeframe, mergedUntil),
  )
  // Of a given candle nobody knows.
  return row === undefined ? 0 : (row.ticks ?? Infinity)
}

/** The same without asking the file, for who reads more than that. */
export function withKeptSources({ sql, bars }: Query<unknown>, kept: readonly Timeframe[]): string {
  return bars === undefined
    ? sql
    : pickSources(sql, bars, {
        kept,
        given: new Map(kept.map((each) => [each, Infinity])),
        marks: new Map(),
      })
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
