import { timeframes, type Timeframe } from '../../src/time.ts'
import { readEvents } from './event-stream.ts'
import type {
  Ending,
  PairStats,
  Parameters,
  RowsByName,
  ServerInfo,
  Source,
  StreamListener,
} from './source.ts'

// Relative: behind a proxy the page may stand below the root.
const base = 'api/v1'
const firstPauseMs = 500
const longestPauseMs = 10_000

/** An answer that is an error, with the code of docs/errors.md. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Asks a pairduck server by its public addresses. */
export class ApiSource implements Source {
  readonly live = true
  readonly range = undefined
  readonly timeframes = timeframes
  readonly notes = []
  readonly #askToken: (wasWrong: boolean) => Promise<string>
  #token: string | undefined
  #asking: Promise<string> | undefined

  /** `askToken` is called when the server wants one. */
  constructor(token: string | undefined, askToken: (wasWrong: boolean) => Promise<string>) {
    this.#token = token
    this.#askToken = askToken
  }

  footprintBin(wanted: number): number {
    return wanted
  }

  info(): Promise<ServerInfo> {
    return this.#json(`${base}/info`)
  }

  async listPairs(): Promise<string[]> {
    const pairs = await this.#json<{ readonly pair: string }[]>(`${base}/pairs`)
    return pairs.map(({ pair }) => pair)
  }

  stats(pair: string): Promise<PairStats> {
    return this.#json(`${pairAddress(pair)}/stats`)
  }

  rows<Name extends keyof RowsByName>(
    pair: string,
    name: Name,
    parameters: Parameters,
  ): Promise<readonly RowsByName[Name][]> {
    return this.#json(`${pairAddress(pair)}/${name}${queryText(parameters)}`)
  }

  async metrics(): Promise<string> {
    return (await this.#ask('metrics', {})).text()
  }

  mirror<T>(name: string, parameters: Parameters = {}): Promise<T> {
    return this.#json<T>(`${base}/mirror/${name}${queryText(parameters)}`)
  }

  follow(pair: string, timeframe: Timeframe, listener: StreamListener): Ending {
    return this.#stream(`${pairAddress(pair)}/events?timeframe=${timeframe}`, listener)
  }

  followStore(listener: StreamListener): Ending {
    return this.#stream(`${base}/store/events`, listener)
  }

  /**
   * Reads a stream and opens it again where it broke, from the event that was heard last.
   * `EventSource` would do so too, but it cannot send a token.
   */
  #stream(address: string, { onEvent, onState }: StreamListener): Ending {
    const ended = new AbortController()
    const { signal } = ended
    let lastId: string | undefined
    const run = async (): Promise<void> => {
      let pauseMs = firstPauseMs
      while (!signal.aborted) {
        try {
          const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
          const answer = await this.#ask(address, { headers, signal })
          onState('open')
          pauseMs = firstPauseMs
          for await (const event of readEvents(answer.body!)) {
            lastId = event.id ?? lastId
            onEvent(event.event, event.data)
          }
        } catch (error) {
          if (signal.aborted) return
          if (error instanceof ApiError && error.status < 500) lastId = undefined
        }
        onState('lost')
        await pause(pauseMs, signal)
        pauseMs = Math.min(longestPauseMs, pauseMs * 2)
      }
    }
    void run()
    return () => ended.abort()
  }

  async #json<T>(address: string): Promise<T> {
    return (await this.#ask(address, {})).json() as Promise<T>
  }

  async #ask(address: string, init: RequestInit): Promise<Response> {
    for (;;) {
      const token = this.#token
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const headers = { ...(init.headers as Record<string, string>), ...authorization }
      const answer = await fetch(address, { ...init, headers })
      if (answer.ok) return answer
      if (answer.status !== 401) throw await errorOf(answer)
      // Whoever asks while the dialog is open waits for the same answer.
      if (this.#token === token) {
        this.#asking ??= this.#askToken(token !== undefined)
        this.#token = await this.#asking
        this.#asking = undefined
      }
    }
  }
}

async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text()
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    return new ApiError(answer.status, error.code, error.message)
  } catch {
    return new ApiError(answer.status, `HTTP_${answer.status}`, text || answer.statusText)
  }
}

/** The address of a pair: a slash inside its symbol is written `%2F`. */
function pairAddress(pair: string): string {
  const [exchange = '', market = '', ...symbol] = pair.split('/')
  return `${base}/pairs/${[exchange, market, symbol.join('/')].map(encodeURIComponent).join('/')}`
}

function queryText(parameters: Parameters): string {
  const given = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
