import type { RouteContext } from '../answer/route-context.ts'
import { countEvents, type Listen } from '../metrics/event-metrics.ts'
import { PrometheusSink } from '../metrics/prometheus-sink.ts'
import { watchMirror, watchStore } from '../metrics/state-metrics.ts'

/** `/metrics` as Prometheus reads it; it counts from when the server was made. */
export function addMetricsRoute({ app, store, answers, allow, options }: RouteContext): void {
  const sink = new PrometheusSink()
  const listen: Listen = (name, listener) => {
    store.on(name, listener)
    return () => void store.off(name, listener)
  }
  const ends = [countEvents(sink, listen), watchStore(sink, store)]
  if (options.mirror !== undefined) watchMirror(sink, options.mirror)
  const requests = sink.histogram(
    'pairduck_http_request_seconds',
    'Requests by route and status, from the first byte of one to the last of its answer.',
    [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    ['route', 'status'],
  )
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    requests(reply.elapsedTime / 1000, { route, status: String(reply.statusCode) })
    done()
  })
  app.addHook('onClose', () => {
    for (const end of ends) end()
  })
  app.get('/metrics', async (request, reply) => {
    allow(request, 'read')
    const text = await answers.onTime(request, () => sink.text())
    return reply.type(sink.contentType).send(text)
  })
}
