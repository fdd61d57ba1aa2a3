import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { PairduckError } from '../../errors.ts'
import { errorFromJson } from './error-json.ts'

/** Where a server is: a local socket, or an address with what its requests carry. */
export type ServerAddress =
  | {
      /** The socket of the process that answers now: asked again once that one is gone. */
      readonly findSocket: () => Promise<string>
    }
  | {
      readonly url: URL
      readonly token: string | undefined
      /** The certificate that the server's must be signed by; undefined: the system's. */
      readonly ca: string | Buffer | undefined
    }

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** One server as calls reach it, over connections that are kept. */
export class HttpCaller {
  readonly #address: ServerAddress
  readonly #agent: HttpAgent
  #socket: Promise<string> | undefined

  constructor(address: ServerAddress) {
    this.#address = address
    const secure = 'url' in address && address.url.protocol === 'https:'
    this.#agent = secure
      ? new HttpsAgent({
          keepAlive: true,
          ...('ca' in address && address.ca ? { ca: address.ca } : {}),
        })
      : new HttpAgent({ keepAlive: true })
  }

  /** The answer's body, or the error that it carries. `CONNECTION_LOST` when there is none. */
  async open({ method, path, body, headers, signal }: Call): Promise<IncomingMessage> {
    const { send, options } = await this.#target(path)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send({
        ...options,
        method,
        agent: this.#agent,
        headers: {
          ...this.#headers(),
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
        ...(signal === undefined ? {} : { signal }),
      })
      request.on('response', resolve)
      request.on('error', (error) => {
        this.#socket = undefined
        reject(lost(error, signal))
      })
      request.end(body)
    })
    if (answer.statusCode === 200) return answer
    throw errorFromJson(await readJson(answer, signal))
  }

  async json<T>(call: Call): Promise<T> {
    return (await readJson(await this.open(call), call.signal)) as T
  }

  close(): void {
    this.#agent.destroy()
  }

  async #target(path: string): Promise<{
    send: typeof httpRequest
    options: Record<string, unknown>
  }> {
    if ('findSocket' in this.#address)
      return { send: httpRequest, options: { socketPath: await this.#found(this.#address), path } }
    const { url } = this.#address
    return {
      send: url.protocol === 'https:' ? httpsRequest : httpRequest,
      options: {
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        path: url.pathname.replace(/\/$/, '') + path,
      },
    }
  }

  /** One search for all calls that come meanwhile. */
  #found({ findSocket }: { readonly findSocket: () => Promise<string> }): Promise<string> {
    this.#socket ??= findSocket().catch((error: unknown) => {
      this.#socket = undefined
      throw error
    })
    return this.#socket
  }

  #headers(): Record<string, string> {
    const token = 'url' in this.#address ? this.#address.token : undefined
    return token === undefined ? {} : { authorization: `Bearer ${token}` }
  }
}

/** What a broken connection means to a caller: its own wish, the end of its time, or that the server is gone. */
export function lost(error: unknown, signal: AbortSignal | undefined): PairduckError {
  if (error instanceof PairduckError) return error
  const ended: unknown = signal?.reason
  if (PairduckError.is(ended, 'DEADLINE_EXCEEDED')) return ended
  if (signal?.aborted === true)
    return new PairduckError('ABORTED', 'the call was aborted', { cause: signal.reason })
  const reason = error instanceof Error ? error.message : String(error)
  return new PairduckError('CONNECTION_LOST', `no answer from the store: ${reason}`, {
    cause: error,
  })
}

async function readJson(
  answer: IncomingMessage,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    const parts: Buffer[] = []
    for await (const part of answer) parts.push(part as Buffer)
    return JSON.parse(Buffer.concat(parts).toString()) as unknown
  } catch (error) {
    throw lost(error, signal)
  }
}
