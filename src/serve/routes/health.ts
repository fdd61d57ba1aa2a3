import type { FastifyRequest } from 'fastify'
import type { RouteContext } from '../answer/route-context.ts'

/**
 * `/health`: 200 while the store answers, else 503. Asked without a token, it tells nothing else.
 * `/api/v1/info`: what this server was given, so that nobody has to try.
 */
export function addHealthRoutes(context: RouteContext): void {
  const { app, options, allow } = context
  const started = performance.now()
  app.get('/health', async (request, reply) => {
    const ok = await answersNow(context, request)
    return reply.code(ok ? 200 : 503).send({
      status: ok ? 'ok' : 'failing',
      uptimeSeconds: Math.round((performance.now() - started) / 1000),
    })
  })
  app.get('/api/v1/info', async (request) => {
    allow(request, 'read')
    return { mirror: options.mirror !== undefined, writes: options.writerToken !== undefined }
  })
}

/** Whether the store is open, and answers in time. */
export async function answersNow(
  { store, answers }: RouteContext,
  request: FastifyRequest,
): Promise<boolean> {
  try {
    await answers.onTime(request, (signal) => store.listPairs({ signal }))
    return true
  } catch {
    return false
  }
}
