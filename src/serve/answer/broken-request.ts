import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** What cannot be read as HTTP never comes to a route; it is told in the form of the other errors. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, message] = reasons[error.code ?? ''] ?? [400, 'this is no HTTP request']
  const body = JSON.stringify({ error: { code: 'INVALID_REQUEST', message } })
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
  socket.destroy(error)
}

const reasons: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come to its end in time'],
  HPE_HEADER_OVERFLOW: [431, 'the head of the request is larger than 16 KB'],
}
