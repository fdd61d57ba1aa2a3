import { setMaxListeners } from 'node:events'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const replies = new WeakMap<FastifyRequest, FastifyReply>()

/** From then on {@link goneOf} knows the answers of an application's requests. */
export function knowReplies(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    replies.set(request, reply)
    done()
  })
}

/**
 * Aborted when the connection of a request closes before its answer is sent: what was asked for is of
 * no use any more. For what reads alone; a call that stores goes on.
 */
export function goneOf(request: FastifyRequest): AbortSignal {
  const gone = new AbortController()
  const answer = replies.get(request)!.raw
  const { socket } = request.raw
  const leave = (): void => {
    socket.off('close', leave)
    answer.off('close', leave)
    if (!answer.writableFinished) gone.abort(new Error('the client went away'))
  }
  // An answer that waits behind others of its connection hears nothing of the end of it.
  setMaxListeners(0, socket)
  socket.once('close', leave)
  answer.once('close', leave)
  if (socket.destroyed || answer.closed) leave()
  return gone.signal
}
