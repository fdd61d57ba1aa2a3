import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../../errors.ts'
import { formatPair, parsePair, type Pair, type PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import type { Gap } from '../../schema/gaps.ts'
import type { InsertRelation } from '../../schema/insert-columns.ts'
import type { StoredCandle, StoredTick } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import { columnOfBatch, rowsOfBatch } from '../../storage/duckdb/column-batch.ts'
import type { ColumnsOf } from '../../storage/duckdb/read-vector.ts'
import type { CleanupResult, RefreshResult } from '../../storage/events/outcomes.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import {
  resolveExportOptions,
  type ExportOptions,
  type ExportReport,
} from '../../storage/export/export-options.ts'
import type { ColumnStream } from '../../storage/pool/column-stream.ts'
import { checkPairNames } from '../../storage/pool/pair-schemas.ts'
import {
  refuseNoQuery,
  resolveQueryOptions,
  resolveQueryPairsOptions,
  resolveSignalOptions,
  resolveStreamOptions,
  type QueryOptions,
  type QueryPairsOptions,
  type SignalOptions,
  type StreamOptions,
} from '../../storage/pool/lease-options.ts'
import type { ManagerStats } from '../../storage/pool/pool-stats.ts'
import type { RepackOptions, RepackReport } from '../../storage/upkeep/repack.ts'
import type { SnapshotOptions, SnapshotReport } from '../../storage/upkeep/snapshot.ts'
import type { VerifyReport } from '../../storage/upkeep/verify.ts'
import { joinColumns } from '../wire/join-columns.ts'
import { RemoteInserts } from './remote-inserts.ts'
import { callEnd } from './call-end.ts'
import { RemoteStream } from './remote-stream.ts'
import { callBody } from '../wire/call-json.ts'
import { hello, type Hello } from '../wire/hello.ts'
import { HttpCaller, type ServerAddress } from '../wire/http-caller.ts'
import { queryToJson } from '../wire/query-json.ts'
import { rowsFromJson } from '../wire/rows-json.ts'

export interface RemoteOptions {
  /** How long a call tries again while the server is away. */
  readonly reconnectMs: number
}

/** The store of another process. Its promises and errors are those of `DatabaseManager`. */
export class RemoteStore extends RemoteInserts implements MarketStore {
  readonly #http: HttpCaller
  readonly #reconnectMs: number
  #closed = false

  constructor(address: ServerAddress, { reconnectMs }: RemoteOptions) {
    const http = new HttpCaller(address)
    super(http)
    this.#http = http
    this.#reconnectMs = reconnectMs
  }

  /** Runs a query on one pair; rows as objects. */
  override async query<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: QueryOptions,
  ): Promise<Row[]> {
    const rows: Row[] = []
    const stream = await this.#open('query', { pair, query }, resolveQueryOptions('query', options))
    for await (const batch of stream)
      for (const row of rowsOfBatch(stream.columns, batch)) rows.push(row as Row)
    return rows
  }

  /** Runs a query on one pair; each column as an array. */
  async queryColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: QueryOptions,
  ): Promise<ColumnsOf<Row>> {
    const resolved = resolveQueryOptions('query', options)
    const stream = await this.#open('queryColumns', { pair, query }, resolved)
    const parts = stream.columns.map(() => [] as ReturnType<typeof columnOfBatch>['values'][])
    for await (const { rows, columns } of stream)
      for (const [at, data] of columns.entries()) parts[at]!.push(columnOfBatch(data, rows).values)
    return joinColumns(stream.columns, parts) as ColumnsOf<Row>
  }

  /** Runs a query on one pair; batches of columns. */
  async streamColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options: StreamOptions = {},
  ): Promise<ColumnStream> {
    const { history, signal } = resolveStreamOptions(options)
    // Without one the server's own bound is the only one.
    const { timeoutMs } = options
    return this.#open('streamColumns', { pair, query }, { history, signal, timeoutMs })
  }

  /** As `DatabaseManager.queryPairs`; the server's `maxRows` bounds the answer. */
  async queryPairs<Row>(
    pairs: Readonly<Record<string, PairLike>>,
    query: Query<Row>,
    options: QueryPairsOptions = {},
  ): Promise<Row[]> {
    refuseNoQuery('queryPairs', query)
    const { signal, unqualified } = resolveQueryPairsOptions(options)
    const named = checkPairNames(pairs).map(([name, pair]) => [name, this.named(pair)])
    const given = {
      pairs: Object.fromEntries(named) as Record<string, string>,
      query: queryToJson(query),
      ...(unqualified !== undefined && { unqualified: this.named(unqualified) }),
    }
    return rowsFromJson<Row>(await this.#call<object[]>('queryPairs', given, signal))
  }

  /** Who answers: a first call, which also tells whether the token fits. */
  async hello(): Promise<Hello> {
    return hello(this.#http)
  }

  /** As `DatabaseManager.recentTicks`. */
  async recentTicks(
    pair: PairLike,
    limit?: number,
    options?: SignalOptions,
  ): Promise<StoredTick[]> {
    const { signal } = resolveSignalOptions('recentTicks', options)
    return this.#call('recentTicks', { pair: this.named(pair), limit }, signal)
  }

  /** As `DatabaseManager.lastCandles`. */
  async lastCandles(
    pair: PairLike,
    timeframe: Timeframe,
    limit?: number,
    options?: SignalOptions,
  ): Promise<StoredCandle[]> {
    const { signal } = resolveSignalOptions('lastCandles', options)
    return this.#call('lastCandles', { pair: this.named(pair), timeframe, limit }, signal)
  }

  /** As `DatabaseManager.gaps`. */
  async gaps(pair: PairLike, options?: QueryOptions): Promise<Gap[]> {
    const { signal } = resolveQueryOptions('query', options)
    return this.#call('gaps', { pair: this.named(pair) }, signal)
  }

  /** Every stored pair, sorted by its text form. */
  async listPairs(options?: SignalOptions): Promise<Pair[]> {
    const { signal } = resolveSignalOptions('listPairs', options)
    const pairs = await this.#call<Pair[]>('listPairs', {}, signal)
    return pairs.map((pair) => parsePair(pair))
  }

  /** What the pool and the queues hold now. */
  async stats(): Promise<ManagerStats> {
    return this.#call('stats', {})
  }

  /** Reads every column of every table of a pair. */
  async verify(pair: PairLike, options?: SignalOptions): Promise<VerifyReport> {
    const { signal } = resolveSignalOptions('verify', options)
    return this.#call('verify', { pair: this.named(pair) }, signal)
  }

  /** Writes a consistent copy of a pair. */
  async snapshot(pair: PairLike, file: string, options?: SnapshotOptions): Promise<SnapshotReport> {
    const given = { file: resolve(file), snapshot: options }
    return this.#call('snapshot', { pair: this.named(pair), ...given })
  }

  /** Has the owner write a query's rows into a file of this machine; it tells no progress. */
  async export(
    pair: PairLike,
    query: Query<unknown>,
    file: string,
    options?: ExportOptions,
  ): Promise<ExportReport> {
    refuseNoQuery('export', query)
    const { format, overwrite, history, signal } = resolveExportOptions(file, options)
    const given = {
      query: queryToJson(query),
      file: resolve(file),
      exported: { format, overwrite, history },
    }
    return this.#call('export', { pair: this.named(pair), ...given }, signal)
  }

  /** As `DatabaseManager.cleanupPair`. */
  async cleanupPair(pair: PairLike): Promise<CleanupResult> {
    return this.#call('cleanupPair', { pair: this.named(pair) })
  }

  /** As `DatabaseManager.repack`. */
  async repack(pair: PairLike, options?: RepackOptions): Promise<RepackReport> {
    return this.#call('repack', { pair: this.named(pair), repack: options })
  }

  /** As `DatabaseManager.refreshAnalytics`. */
  async refreshAnalytics(pair: PairLike): Promise<RefreshResult> {
    return this.#call('refreshAnalytics', { pair: this.named(pair) })
  }

  /** Ends it; further calls are refused. */
  override async close(): Promise<void> {
    this.#closed = true
    await super.close()
    this.#http.close()
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(
    caller: string,
    { pair, query }: { readonly pair: PairLike; readonly query: Query<unknown> },
    { history, ...end }: StreamOptions,
  ): Promise<RemoteStream> {
    const named = this.named(pair)
    refuseNoQuery(caller, query)
    const body = callBody({ pair: named, query: queryToJson(query), options: { history } })
    const call = { method: 'POST', path: '/api/v1/store/query', body } as const
    return RemoteStream.open(
      (signal) => this.#again((signal) => this.#http.open({ ...call, signal }), signal),
      callEnd(query.name, end),
    )
  }

  /** For {@link RemoteInserts}. */
  protected override named(pair: PairLike): string {
    this.#refuseClosed()
    return formatPair(parsePair(pair))
  }

  #refuseClosed(): void {
    if (this.#closed) throw new PairduckError('CLOSED', 'this client is closed')
  }

  async #call<T>(name: string, given: object, signal?: AbortSignal): Promise<T> {
    this.#refuseClosed()
    const call = { method: 'POST', path: `/api/v1/store/${name}`, body: callBody(given) } as const
    return this.#again((signal) => this.#http.json<T>({ ...call, signal }), signal)
  }

  /** For {@link RemoteInserts}. */
  protected override async insert<T>(relation: InsertRelation, body: string): Promise<T> {
    const headers = { 'idempotency-key': randomUUID() }
    let tries = 0
    return this.#again(() =>
      this.#http.json<T>({
        method: 'POST',
        path: `/api/v1/store/insert/${relation}`,
        body,
        headers: { ...headers, 'x-pairduck-try': String(tries++) },
      }),
    )
  }

  /** A call again while nobody answers: the server may only be starting anew. */
  async #again<T>(
    call: (signal: AbortSignal | undefined) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.listening
    const until = performance.now() + this.#reconnectMs
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      try {
        return await call(signal)
      } catch (error) {
        const away =
          PairduckError.is(error, 'CONNECTION_LOST') && error.details['code'] === undefined
        if (!away || this.#closed || performance.now() + pauseMs > until) throw error
        await delay(pauseMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }
}
