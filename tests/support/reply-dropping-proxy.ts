import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface ReplyDroppingProxy extends AsyncDisposable {
  readonly url: string
  /** The next reply to a script is swallowed, and the connection cut in its place. */
  dropNextReply(): void
  /** The same, and then every new connection is refused until {@link accept}. */
  dropNextReplyAndRefuse(): void
  accept(): void
  readonly dropped: number
}

/** A TCP proxy before a server, to lose a reply after the server has executed the command. */
export async function startProxy(serverPort: number): Promise<ReplyDroppingProxy> {
  let dropping = false
  let dropped = 0
  let refuseAfter = false
  let refusing = false
  const sockets = new Set<Socket>()
  const listener = createServer((client) => {
    if (refusing) {
      client.destroy()
      return
    }
    const server = connect(serverPort, '127.0.0.1')
    sockets.add(client).add(server)
    let scriptSent = false
    client.on('data', (chunk) => {
      // What a call reads before it writes is answered.
      scriptSent ||= dropping && chunk.includes('EVALSHA\r\n')
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (dropping && scriptSent) {
        dropping = false
        dropped += 1
        refusing = refuseAfter
        client.destroy()
        server.destroy()
      } else client.write(chunk)
    })
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return {
    url: `valkey://127.0.0.1:${port}`,
    dropNextReply: () => {
      dropping = true
    },
    dropNextReplyAndRefuse: () => {
      dropping = true
      refuseAfter = true
    },
    accept: () => {
      refuseAfter = false
      refusing = false
    },
    get dropped() {
      return dropped
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
