import type { RouteContext } from '../answer/route-context.ts'

/**
 * `/health`: 200 while the store answers, else 503. Asked without a token, it tells nothing else.
 * `/api/v1/info`: what this server was given, so that nobody has to try.
 */
export function addHealthRoutes({ app, store, options, allow }: RouteContext): void {
  const started = performance.now()
  app.get('/health', async (_request, reply) => {
    const ok = await answersNow(store)
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

/** Whether the store is open. */
export async function answersNow(store: RouteContext['store']): Promise<boolean> {
  try {
    await store.listPairs()
    return true
  } catch {
    return false
  }
}
