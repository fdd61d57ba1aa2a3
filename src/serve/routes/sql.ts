import { query } from '../../queries/query.ts'
import { formatOf, historyOf } from '../answer/formats.ts'
import type { RouteContext } from '../answer/route-context.ts'
import { pairOf, pairPath } from './pairs.ts'

/** One SELECT of the caller's own, in a connection that can neither write nor read files. */
export function addSqlRoute({ app, store, answers, allow, guard }: RouteContext): void {
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  app.post(`${pairPath}/sql`, async (request, reply) => {
    allow(request, 'read')
    const { body } = request
    const text = typeof body === 'string' ? body : (body as { readonly sql?: unknown } | null)?.sql
    if (typeof text !== 'string')
      throw new TypeError('expected a SELECT as text/plain, or as { "sql": … }')
    const pair = pairOf(request)
    await guard.check(pair, text)
    const select = query('sql', text.replace(/[;\s]+$/, ''))
    return answers.rows({
      request,
      reply,
      store,
      pair,
      query: select,
      history: historyOf(request),
      format: formatOf(request),
    })
  })
}
