import { fastify, type FastifyInstance } from 'fastify'
import type { MarketStore } from '../storage/market-store.ts'
import { answerError } from './answer/answer-error.ts'
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
import { ParallelLimit } from './safety/parallel-limit.ts'
import { SelectGuard } from './safety/select-only.ts'
import type { ResolvedServeOptions } from './options/serve-options.ts'

/** The HTTP application on a store; it listens to nothing by itself. */
export async function makeApp(
  store: MarketStore,
  options: ResolvedServeOptions,
  access: Access,
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
    http: { maxHeaderSize: 16_384, headersTimeout: 10_000 },
  }) as unknown as FastifyInstance
  app.server.maxConnections = options.maxConnections
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({
      error: { code: 'NOT_FOUND', message: 'no such address; /api/v1/openapi.json lists all' },
    }),
  )
  addCors(app, options.corsOrigins)
  addRequestLog(app, options)
  const context: RouteContext = {
    app,
    store,
    options,
    answers: new Answers(
      options,
      new ParallelLimit(options.maxParallelPerClient, options.maxParallel),
    ),
    // Who may open the local socket may open the files.
    guard: access === localAccess ? { check: async () => undefined } : new SelectGuard(store),
    allow: access,
  }
  addHealthRoutes(context)
  addPairRoutes(context)
  addSqlRoute(context)
  addEventRoutes(context)
  addStoreRoutes(context)
  addFlowsurfaceRoutes(context)
  addUdfRoutes(context)
  addMirrorRoutes(context)
  addOpenApiRoute(context)
  await addMetricsRoute(context)
  await addPageRoutes(context)
  return app
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
