import rateLimit from '@fastify/rate-limit'
import { fastify, type FastifyInstance } from 'fastify'
import { PairduckError } from '../errors.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { answerError } from './answer/answer-error.ts'
import { answerBrokenRequest } from './answer/broken-request.ts'
import { Answers } from './answer/answers.ts'
import { addEventRoutes } from './routes/events.ts'
import { addFlowsurfaceRoutes } from './routes/flowsurface.ts'
import { addHealthRoutes } from './routes/health.ts'
import { addMetricsRoute } from './routes/metrics.ts'
import { addMirrorRoutes } from './routes/mirror.ts'
import { addOpenApiRoute } from './routes/openapi.ts'
import { addPageRoutes } from './routes/page.ts'
import { addPairRoutes } from './routes/pairs.ts'
import { addSqlRoute } from './routes/sql.ts'
import { addStoreRoutes } from './routes/store.ts'
import { addUdfRoutes } from './routes/udf.ts'
import { localAccess, type Access } from './safety/access.ts'
import { addCors } from './safety/cors.ts'
import type { RouteContext } from './answer/route-context.ts'
import { knowReplies } from './safety/gone.ts'
import { ParallelLimit } from './safety/parallel-limit.ts'
import { SelectGuard } from './safety/select-only.ts'
import type { ResolvedServeOptions } from './options/serve-options.ts'

/** The HTTP application on a store; it listens to nothing by itself. */
export async function makeApp(
  store: MarketStore,
  options: ResolvedServeOptions,
  access: Access,
  { passing = false }: { readonly passing?: boolean } = {},
): Promise<FastifyInstance> {
  const { tls } = options
  const app = fastify({
    ...(tls === undefined ? {} : { https: { ...tls } }),
    bodyLimit: options.maxBodyBytes,
    // A header section that takes longer, or a request that does, is cut: slow senders hold sockets.
    requestTimeout: 30_000,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1000 },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    http: { maxHeaderSize: 16_384, headersTimeout: 10_000 },
  }) as unknown as FastifyInstance
  app.server.maxConnections = options.maxConnections
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({
      error: { code: 'NOT_FOUND', message: 'no such address; /api/v1/openapi.json lists all' },
    }),
  )
  knowReplies(app)
  addCors(app, options.corsOrigins)
  if (access !== localAccess) await limitRate(app, options)
  addRequestLog(app, options)
  const context: RouteContext = {
    app,
    store,
    options,
    answers: new Answers(
      options,
      new ParallelLimit(options.maxParallelPerClient, options.maxParallel),
    ),
    isLocal: access === localAccess,
    // Who may open the local socket may open the files.
    guard:
      access === localAccess
        ? { check: async (_pair, asked) => asked }
        : new SelectGuard(store, options),
    allow: access,
  }
  addMetricsRoute(context)
  addHealthRoutes(context)
  addPairRoutes(context)
  addSqlRoute(context)
  addEventRoutes(context)
  addStoreRoutes(context, { passing })
  addFlowsurfaceRoutes(context)
  addUdfRoutes(context)
  addMirrorRoutes(context)
  addOpenApiRoute(context)
  await addPageRoutes(context)
  return app
}

/** A client that asks too often hears so; the processes of the owner's user are not counted. */
async function limitRate(
  app: FastifyInstance,
  { maxRequestsPerSecond }: ResolvedServeOptions,
): Promise<void> {
  await app.register(rateLimit, {
    max: maxRequestsPerSecond,
    timeWindow: 1000,
    errorResponseBuilder: () =>
      new PairduckError(
        'SERVER_BUSY',
        `this client asks more than ${maxRequestsPerSecond} times a second (\`maxRequestsPerSecond\`)`,
      ),
  })
}

/** What was asked and how it ended, without tokens, query values or bodies. */
function addRequestLog(app: FastifyInstance, { onRequest }: ResolvedServeOptions): void {
  if (onRequest === undefined) return
  app.addHook('onResponse', (request, reply, done) => {
    onRequest({
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      tookMs: reply.elapsedTime,
      client: request.ip,
    })
    done()
  })
}
