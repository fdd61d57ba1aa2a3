import { required, resolveOptions, rule } from '../options.ts'
import { parsePair, type Pair, type PairLike } from '../pair.ts'
import { latestMs, type Clock } from '../time.ts'
import {
  sourceRule,
  text,
  treeDays,
  treeTicks,
  type ClickhouseSource,
  type TreeSource,
} from './tree/archive-tree.ts'
import type { ClickhouseClient } from './server/client.ts'
import { ServerSession } from './server/server-session.ts'
import type { ClickhouseQuery, ClickhouseRow } from './sql/clickhouse-query.ts'
import {
  createTableSql,
  createViewSql,
  loadDaySql,
  type TableOptions,
} from './tree/archive-table.ts'

/** Options of `clickhouseArchive`. */
export interface ClickhouseArchiveOptions {
  /** A client of `@clickhouse/client` (`createClient`); it stays the caller's. */
  readonly client: ClickhouseClient
  /** Where the server finds what was archived. */
  readonly source: ClickhouseSource
  /** The time for look-backs and detectors, in Unix ms. Default `Date.now`. */
  readonly clock?: Clock | undefined
}

/** Which part of an archive `load` takes. */
export interface LoadOptions {
  /** The table to load into, as `createTable` made it. */
  readonly table: string
  /** The pair whose days are copied. */
  readonly pair: PairLike
  /** The first day, as `YYYY-MM-DD`. Default: the first that is archived. */
  readonly from?: string | undefined
  /** The last day, as `YYYY-MM-DD`. Default: the last that is archived. */
  readonly to?: string | undefined
}

/** From when to when a pair is archived, Unix ms; nulls where nothing is. */
export interface ClickhouseExtent {
  /** The oldest archived tick. */
  readonly coveredFrom: number | null
  /** The newest archived tick. */
  readonly coveredTo: number | null
}

/**
 * The archive as ClickHouse reads it, for questions across pairs and years. Its builders are in
 * `pairduck/clickhouse`, under the names and with the options of those of `pairduck/queries`.
 * It knows what was archived; what is still hot is in the pair's file.
 */
export function clickhouseArchive(options: ClickhouseArchiveOptions): ClickhouseArchive {
  const { client, source, clock } = resolveOptions('clickhouseArchive', options, rules)
  return new ClickhouseArchive(client, source, clock)
}

const rules = {
  client: required(
    rule<ClickhouseClient>(
      'a client of @clickhouse/client',
      (value) => typeof (value as Partial<ClickhouseClient> | null)?.query === 'function',
      undefined as never,
    ),
  ),
  source: required(sourceRule),
  clock: rule<Clock>('a function', (value) => typeof value === 'function', Date.now),
}

/** What {@link clickhouseArchive} makes. */
export class ClickhouseArchive {
  readonly #server: ServerSession
  readonly #source: ClickhouseSource
  readonly #clock: Clock

  /** @internal */
  constructor(client: ClickhouseClient, source: ClickhouseSource, clock: Clock) {
    this.#server = new ServerSession(client)
    this.#source = source
    this.#clock = clock
  }

  /** The rows of a query over what is archived of a pair. `QUERY_FAILED` with the server's reason. */
  async query<Row>(pair: PairLike, query: ClickhouseQuery<Row>): Promise<ClickhouseRow<Row>[]> {
    const parsed = parsePair(pair)
    const { oldest, newest } = await this.#extent(parsed)
    const { from, to, asOf, params } = query.at(this.#clock())
    const isKnown = oldest !== null && (asOf === undefined || oldest < asOf)
    const ticks = `SELECT toUnixTimestamp64Micro(timestamp) AS at, price, volume, side, trade_id,
        lengthUTF8(ifNull(trade_id, '')) AS id_length, ifNull(trade_id, '') AS id
      FROM ${this.#ticks(parsed, { from, to })}`
    const rows = await this.#server.rows<Row & object>(
      query.name,
      `WITH ticks AS (${ticks}), ${query.sql.slice('WITH '.length)}`,
      { ...params, covered: isKnown ? oldest : null },
    )
    const coveredTo = msFrom(newest)
    return rows.map((row) => ({ ...row, complete: null, coveredTo }))
  }

  /** From when to when a pair is archived. */
  async extent(pair: PairLike): Promise<ClickhouseExtent> {
    const { oldest, newest } = await this.#extent(parsePair(pair))
    return { coveredFrom: msFrom(oldest), coveredTo: msFrom(newest) }
  }

  /**
   * Makes or replaces the view `pairduck_ticks` over the whole tree, with `exchange`, `market`,
   * `symbol` and `date`, by which a statement's WHERE keeps other parts from being opened.
   */
  async createView(options: { readonly database?: string } = {}): Promise<void> {
    await this.#server.command(
      'createView',
      createViewSql(this.#tree('createView'), options.database),
    )
  }

  /** Makes a table for `load`, unless it is there. */
  async createTable(options: TableOptions): Promise<void> {
    await this.#server.command('createTable', createTableSql(options))
  }

  /**
   * Copies archived days of a pair into a table, day by day; one that is there already stays as it is,
   * as rows replace their like. Resolves with the days.
   */
  async load({ table, pair, from, to }: LoadOptions): Promise<string[]> {
    const source = this.#tree('load')
    const parsed = parsePair(pair)
    const days = await this.#server.rows<{ day: string }>(
      'load',
      treeDays(source, { pair: parsed, from, to }),
    )
    for (const { day } of days)
      await this.#server.command('load', loadDaySql(source, { table, pair: parsed, day }))
    return days.map(({ day }) => day)
  }

  #tree(caller: string): TreeSource {
    if (!('table' in this.#source)) return this.#source
    throw new TypeError(
      `${caller}: this archive is the table ${this.#source.table}, and no tree of parts`,
    )
  }

  #ticks(pair: Pair, { from, to }: { from?: bigint | undefined; to?: bigint | undefined }): string {
    const within = [
      ...(from === undefined ? [] : [`timestamp >= ${timeOf(from)}`]),
      ...(to === undefined ? [] : [`timestamp < ${timeOf(to)}`]),
    ]
    const days = {
      from: from === undefined ? undefined : dayOf(from),
      to: to === undefined ? undefined : dayOf(to),
    }
    const source = this.#source
    const parts =
      'table' in source
        ? `${source.table} FINAL WHERE ${ofPair(pair)}`
        : treeTicks(source, { pair, ...days })
    return [parts, ...within].join(' AND ')
  }

  async #extent(pair: Pair): Promise<Extent> {
    const source = this.#source
    if ('table' in source) return this.#ends(this.#ticks(pair, {}))
    const days = await this.#server.rows<{ day: string }>('extent', treeDays(source, { pair }))
    if (days.length === 0) return { oldest: null, newest: null }
    return this.#ends(treeTicks(source, { pair, only: [days[0]!.day, days.at(-1)!.day] }))
  }

  async #ends(ticks: string): Promise<Extent> {
    const [row] = await this.#server.rows<{ n: number; oldest: string; newest: string }>(
      'extent',
      `SELECT count() AS n, ${microsText('min(timestamp)')} AS oldest, ${microsText('max(timestamp)')} AS newest
       FROM ${ticks}`,
    )
    if (row === undefined || row.n === 0) return { oldest: null, newest: null }
    return { oldest: BigInt(row.oldest), newest: BigInt(row.newest) }
  }
}

/** Times in Unix µs. */
interface Extent {
  readonly oldest: bigint | null
  readonly newest: bigint | null
}

function msFrom(micros: bigint | null): number | null {
  return micros === null ? null : Number(micros) / 1000
}

/** A DateTime64 as µs, as text: JSON's numbers end before the last of them. */
function microsText(time: string): string {
  return `toString(toUnixTimestamp64Micro(${time}))`
}

function ofPair({ exchange, market, symbol }: Pair): string {
  return `exchange = ${text(exchange)} AND market = ${text(market)} AND symbol = ${text(symbol)}`
}

const latestMicros = BigInt(latestMs) * 1000n

function clamped(micros: bigint): bigint {
  return micros < 0n ? 0n : micros > latestMicros ? latestMicros : micros
}

function timeOf(micros: bigint): string {
  return `fromUnixTimestamp64Micro(toInt64(${clamped(micros)}), 'UTC')`
}

function dayOf(micros: bigint): string {
  return new Date(Number(clamped(micros) / 1000n)).toISOString().slice(0, 10)
}
