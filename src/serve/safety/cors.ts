import type { FastifyInstance } from 'fastify'
import { varyBy } from './vary.ts'

/** Lets pages of the listed origins ask; a browser keeps all others from reading the answers. */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-content-type-options', 'nosniff')
    if (origins.length > 0) varyBy(reply, 'Origin')
    const { origin } = request.headers
    if (origin !== undefined && origins.includes(origin)) {
      void reply.header('access-control-allow-origin', origin)
      if (request.method === 'OPTIONS') {
        void reply
          .header('access-control-allow-methods', 'GET, POST')
          .header('access-control-allow-headers', 'authorization, content-type, last-event-id')
          .header('access-control-max-age', '600')
          .code(204)
          .send()
        return
      }
    }
    done()
  })
  if (origins.length > 0) app.options('/*', (_request, reply) => reply.code(404).send())
}
