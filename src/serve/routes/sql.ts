import { query } from '../../queries/query.ts'
import { formatOf, historyOf } from '../answer/formats.ts'
import type { RouteContext } from '../answer/route-context.ts'
import { pairOf, pairPath } from './pairs.ts'

/**
 * One SELECT of the caller's own, in a connection that can neither write nor read files. The body is
 * its text, whatever its content type says or when it says none; only JSON and a form with the
 * field `sql` are read as what they are.
 */
export function addSqlRoute({ app, store, answers, allow, guard }: RouteContext): void {
  // In a scope of its own: the other addresses go on to take JSON alone.
  void app.register(async (scope) => {
    scope.addContentTypeParser(['text/plain', '*'], { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    )
    scope.post(`${pairPath}/sql`, async (request, reply) => {
      allow(request, 'read')
      if (request.headers['content-type']?.startsWith('multipart/') === true)
        throw new TypeError('expected the SELECT itself as the body, not as a part of one')
      const text = textOf(request.body)
      const pair = pairOf(request)
      const asked = await guard.check(pair, query('sql', withoutEnd(text)))
      return answers.rows({
        request,
        reply,
        store,
        pair,
        query: asked,
        history: historyOf(request),
        format: formatOf(request, reply),
      })
    })
  })
}

/** The statement in a body. */
function textOf(body: unknown): string {
  const text = typeof body === 'string' ? formField(body) : (body as Body | null | undefined)?.sql
  if (typeof text === 'string' && text.trim() !== '') return text
  throw new TypeError('expected a SELECT as the body, as { "sql": … } or as a form with `sql`')
}

/**
 * A statement without what ends it. Where it is looked for from every blank of a long row of them on,
 * 100,000 keep the process busy for seconds, and a body of them for hours.
 */
function withoutEnd(text: string): string {
  return text.replace(/(?<![;\s])[;\s]+$/, '')
}

/** No statement begins like a form's field. */
function formField(body: string): string | null {
  return body.startsWith('sql=') ? new URLSearchParams(body).get('sql') : body
}

interface Body {
  readonly sql?: unknown
}
