import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Hello } from '../../client/wire/hello.ts'
import { queryFromJson } from '../../client/wire/query-json.ts'
import { rowsToJson } from '../../client/wire/rows-json.ts'
import { PairduckError } from '../../errors.ts'
import type { InsertRows } from '../../schema/insert-columns.ts'
import type { PairLike } from '../../pair.ts'
import type { Timeframe } from '../../time.ts'
import type { ExportOptions } from '../../storage/export/export-options.ts'
import { checkPairNames } from '../../storage/pool/pair-schemas.ts'
import type { RepackOptions } from '../../storage/upkeep/repack.ts'
import type { SnapshotOptions } from '../../storage/upkeep/snapshot.ts'
import type { InsertOptions } from '../../storage/write/insert-options.ts'
import type { StreamOptions } from '../../storage/pool/lease-options.ts'
import type { TickColumns } from '../../storage/write/tick.ts'
import { framesFormat } from '../answer/formats.ts'
import { goneOf } from '../safety/gone.ts'
import type { RouteContext } from '../answer/route-context.ts'
import { KnownCalls } from './known-calls.ts'

interface CallBody {
  readonly pair: string
  readonly rows?: unknown
  readonly columns?: unknown
  readonly timeframe?: Timeframe
  readonly pairs?: Readonly<Record<string, string>>
  readonly unqualified?: string
  readonly query?: unknown
  readonly options?: InsertOptions & Pick<StreamOptions, 'history'>
  readonly file?: string
  readonly limit?: number
  readonly exported?: ExportOptions
  readonly snapshot?: SnapshotOptions
  readonly repack?: RepackOptions
}

/** What `pairduck/client` speaks: the calls of a `MarketStore`, one address each. */
export function addStoreRoutes(
  context: RouteContext,
  { passing }: { readonly passing: boolean },
): void {
  const { app, store, answers, allow, options, guard } = context
  const instance = randomUUID()
  const calls = new KnownCalls()
  app.get('/api/v1/store/hello', async (request): Promise<Hello> => {
    allow(request, 'read')
    return { instance, passing }
  })
  app.post('/api/v1/store/query', async (request, reply) => {
    allow(request, 'read')
    const { pair, query, options: given } = body(request)
    const asked = await guard.check(pair, queryFromJson(query))
    const history = given?.history === true
    return answers.rows({
      request,
      reply,
      store,
      pair,
      query: asked,
      history,
      format: framesFormat,
    })
  })
  app.post(
    '/api/v1/store/insert/:relation',
    { bodyLimit: options.maxBodyBytes },
    async (request) => {
      allow(request, 'write')
      const key = request.headers['idempotency-key']
      const again = Number(request.headers['x-pairduck-try'] ?? 0) > 0
      const given = body(request)
      const insert = () =>
        insertRows(context, (request.params as { relation: string }).relation, given)
      if (typeof key !== 'string') return insert()
      if (again && !calls.knows(key)) refuseUncertain(given)
      return calls.once(key, insert)
    },
  )
  addCalls(context)
  addUpkeepCalls(context)
}

function addCalls({ app, store, answers, allow, guard }: RouteContext): void {
  app.post('/api/v1/store/listPairs', async (request) => {
    allow(request, 'read')
    return answers.onTime(request, (signal) => store.listPairs({ signal }))
  })
  app.post('/api/v1/store/stats', async (request) => {
    allow(request, 'read')
    return answers.onTime(request, async () => store.stats())
  })
  app.post('/api/v1/store/queryPairs', async (request) => {
    allow(request, 'read')
    const { pairs = {}, unqualified, query } = body(request)
    const [[, first]] = checkPairNames(pairs) as [[string, PairLike]]
    const asked = await guard.check(first, queryFromJson<object>(query), Object.keys(pairs))
    const rows = await answers.inTime(request, (signal) =>
      store.queryPairs(pairs, answers.bounded(asked), { signal, unqualified }),
    )
    answers.refuseTooMany(rows.length)
    return rowsToJson(rows)
  })
  app.post('/api/v1/store/gaps', async (request) => {
    allow(request, 'read')
    return answers.inTime(request, (signal) => store.gaps(body(request).pair, { signal }))
  })
  app.post('/api/v1/store/recentTicks', async (request) => {
    allow(request, 'read')
    const { pair, limit } = body(request)
    return answers.inTime(request, (signal) => store.recentTicks(pair, limit, { signal }))
  })
  app.post('/api/v1/store/lastCandles', async (request) => {
    allow(request, 'read')
    const { pair, timeframe, limit } = body(request)
    return answers.inTime(request, (signal) =>
      store.lastCandles(pair, timeframe!, limit, { signal }),
    )
  })
}

function addUpkeepCalls({ app, store, answers, allow, isLocal }: RouteContext): void {
  app.post('/api/v1/store/verify', async (request) => {
    allow(request, 'read')
    const verify = (signal: AbortSignal) => store.verify(body(request).pair, { signal })
    // The command line beside its bot waits for as long as reading all of a large file takes.
    return isLocal
      ? answers.within(request, () => verify(goneOf(request)))
      : answers.inTime(request, verify)
  })
  app.post('/api/v1/store/cleanupPair', async (request) => {
    allow(request, 'write')
    return store.cleanupPair(body(request).pair)
  })
  app.post('/api/v1/store/repack', async (request) => {
    allow(request, 'write')
    const { pair, repack } = body(request)
    return store.repack(pair, repack)
  })
  app.post('/api/v1/store/refreshAnalytics', async (request) => {
    allow(request, 'write')
    return store.refreshAnalytics(body(request).pair)
  })
  app.post('/api/v1/store/snapshot', async (request) => {
    allow(request, 'owner')
    const { pair, file, snapshot } = body(request)
    return store.snapshot(pair, file!, snapshot)
  })
  app.post('/api/v1/store/export', async (request) => {
    allow(request, 'owner')
    const { pair, file, query, exported } = body(request)
    return store.export(pair, queryFromJson(query), file!, { ...exported, signal: goneOf(request) })
  })
}

/**
 * A call that comes again to a server that never saw its first try was perhaps stored by the one
 * before it. Ids tell; without them nobody can.
 */
function refuseUncertain({ rows, columns }: CallBody): void {
  const ids = Array.isArray(rows)
    ? (rows as readonly Partial<InsertRows['ticks']>[]).map((row) =>
        'side' in row ? row.tradeId : '',
      )
    : ((columns as Partial<TickColumns> | undefined)?.tradeId ??
      (columns === undefined ? [] : [null]))
  if (Array.from(ids).some((id) => id === undefined || id === null))
    throw new PairduckError(
      'CONNECTION_LOST',
      'the store was started anew while this call was under way; its ticks without `tradeId` may be stored or not',
      { uncertain: true },
    )
}

async function insertRows(
  { store }: RouteContext,
  relation: string,
  given: CallBody,
): Promise<unknown> {
  const { pair, timeframe, options } = given
  const rows = (given.columns ?? given.rows) as never
  switch (relation) {
    case 'ticks':
      return store.insertTicks(pair, rows, options)
    case 'candles':
      return store.insertCandles(pair, timeframe!, rows)
    case 'order_flow':
      return store.insertOrderFlow(pair, rows)
    case 'market_profile':
      return store.insertMarketProfile(pair, rows)
    case 'supply_demand_zones':
      return store.insertZones(pair, rows)
    case 'fair_value_gaps':
      return store.insertFairValueGaps(pair, rows)
    default:
      throw new TypeError(`nothing is inserted into ${relation}`)
  }
}

function body(request: FastifyRequest): CallBody {
  const given = request.body as Partial<CallBody> | null | undefined
  if (typeof given !== 'object' || given === null) throw new TypeError('expected a JSON object')
  return given as CallBody
}
