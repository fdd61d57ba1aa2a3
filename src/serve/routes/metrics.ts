import type { RouteContext } from '../answer/route-context.ts'
import { StoreMetrics } from '../metrics/store-metrics.ts'

/** `/metrics` as Prometheus reads it. */
export async function addMetricsRoute({ app, store, allow }: RouteContext): Promise<void> {
  const metrics = await StoreMetrics.of(store)
  app.addHook('onClose', () => metrics.close())
  app.get('/metrics', async (request, reply) => {
    allow(request, 'read')
    return reply.type(metrics.contentType).send(await metrics.text())
  })
}
