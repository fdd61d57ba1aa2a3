import type { FastifyRequest } from 'fastify'
import { formatPair, parsePair, type Pair } from '../../pair.ts'
import { analytics, buildAnalytic } from '../analytics/analytics.ts'
import { pairStats } from '../analytics/pair-stats.ts'
import { formatOf, historyOf } from '../answer/formats.ts'
import type { RouteContext } from '../answer/route-context.ts'

/** The address of a pair; a slash inside its symbol is written `%2F`. */
export const pairPath = '/api/v1/pairs/:exchange/:market/:symbol'

/** The pair that an address names. Throws `INVALID_PAIR`. */
export function pairOf({ params }: FastifyRequest): Pair {
  return parsePair(params as Pair)
}

/** `/api/v1/pairs`, what each holds, and every analytic of each as rows. */
export function addPairRoutes({ app, store, answers, allow }: RouteContext): void {
  app.get('/api/v1/pairs', async (request) => {
    allow(request, 'read')
    const pairs = await answers.onTime(request, (signal) => store.listPairs({ signal }))
    return pairs.map((pair) => ({ pair: formatPair(pair), ...pair }))
  })
  app.get(`${pairPath}/stats`, async (request) => {
    allow(request, 'read')
    return answers.inTime(request, (signal) => pairStats(store, pairOf(request), signal))
  })
  for (const name of Object.keys(analytics))
    app.get(`${pairPath}/${name}`, async (request, reply) => {
      allow(request, 'read')
      const query = buildAnalytic(name, request.query as object)
      return answers.rows({
        request,
        reply,
        store,
        pair: pairOf(request),
        query,
        history: historyOf(request),
        format: formatOf(request, reply),
      })
    })
}
