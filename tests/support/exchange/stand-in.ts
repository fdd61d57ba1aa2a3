import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { makeRandom, type Random } from '../../../src/simulator/random.ts'
import { MadeMarket, type MadeTrade } from './market.ts'
import { ServerSocket } from './web-socket.ts'
import { wireFormats, type ExchangeName, type WireFormat } from './wire-formats.ts'

/** How likely each fault is: of a message, of a request. */
export interface Faults {
  readonly cutMidFrame: number
  readonly drop: number
  readonly repeat: number
  readonly reorder: number
  readonly refuse: number
  readonly shortPage: number
  readonly lie: number
}

export const noFaults: Faults = {
  cutMidFrame: 0,
  drop: 0,
  repeat: 0,
  reorder: 0,
  refuse: 0,
  shortPage: 0,
  lie: 0,
}

/** An exchange on 127.0.0.1 that speaks another one's wire formats, and fails as told, by a seed. */
export class StandIn {
  readonly name: ExchangeName
  readonly market: MadeMarket
  faults: Faults
  readonly #format: WireFormat
  readonly #server: Server
  readonly #random: Random
  readonly #sockets = new Set<ServerSocket>()
  readonly #listening = new Set<ServerSocket>()
  readonly told = { cut: 0, dropped: 0, refused: 0, requests: 0 }
  /** Messages that wait to be overtaken. */
  #held: readonly MadeTrade[] | undefined

  private constructor(name: ExchangeName, seed: number, faults: Faults, server: Server) {
    this.name = name
    this.market = new MadeMarket(seed, Date.now() - 600_000)
    this.faults = faults
    this.#format = wireFormats[name]
    this.#random = makeRandom(`faults ${seed}`)
    this.#server = server
  }

  static async start(name: ExchangeName, seed: number, faults = noFaults): Promise<StandIn> {
    const server = createServer()
    const standIn = new StandIn(name, seed, faults, server)
    server.on('request', (request, response) => standIn.#answer(request, response))
    server.on('upgrade', (request, socket) => standIn.#open(new ServerSocket(request, socket)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return standIn
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many lines are subscribed to the trades. */
  get listeners(): number {
    return this.#listening.size
  }

  /** Makes so many trades and sends them, with the faults that fall. */
  trade(count: number): void {
    for (let made = 0; made < count; made++) {
      if (this.#falls('lie'))
        this.market.clockErrorMs = Math.round((this.#random.next() - 0.7) * 20_000)
      this.#send([this.market.make(Date.now())])
    }
  }

  /** Trades happen that nobody is told of. */
  tradeSilently(count: number): void {
    for (let made = 0; made < count; made++) this.market.make(Date.now())
  }

  cutLines(): void {
    this.#listening.clear()
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cutLines()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #send(trades: readonly MadeTrade[]): void {
    if (this.#falls('drop')) {
      this.told.dropped++
      return
    }
    if (this.#held === undefined && this.#falls('reorder')) {
      this.#held = trades
      return
    }
    for (const socket of this.#listening) {
      if (this.#falls('cutMidFrame')) {
        this.told.cut++
        this.#listening.delete(socket)
        socket.cutMidFrame(this.#format.event(trades))
        continue
      }
      socket.send(this.#format.event(trades))
      if (this.#falls('repeat')) socket.send(this.#format.event(trades))
      if (this.#held !== undefined) socket.send(this.#format.event(this.#held))
    }
    this.#held = undefined
  }

  #open(socket: ServerSocket): void {
    this.#sockets.add(socket)
    socket.onEnd = () => {
      this.#sockets.delete(socket)
      this.#listening.delete(socket)
    }
    socket.onText = (text) => {
      const message = JSON.parse(text) as Record<string, unknown>
      const { reply, subscribes } = this.#format.answer(message)
      socket.send(reply)
      if (subscribes) this.#listening.add(socket)
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const isTrades = url.pathname === this.#format.tradesPath
    if (isTrades) this.told.requests++
    if (isTrades && this.#falls('refuse')) {
      this.told.refused++
      response.writeHead(this.#random.next() < 0.5 ? 429 : 503).end('{}')
      return
    }
    const body = isTrades
      ? this.#format.page(this.market.trades, url.searchParams, this.#limit(url))
      : this.#isKlines(url)
        ? this.#format.klines!(this.market.trades)
        : this.#format.markets(url.pathname + url.search)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #isKlines({ pathname }: URL): boolean {
    return pathname === this.#format.klinesPath
  }

  #limit(url: URL): number {
    const asked = Number(url.searchParams.get('limit') ?? 1_000)
    return this.#falls('shortPage')
      ? 1 + Math.floor(this.#random.next() * 10)
      : Math.min(asked, 1_000)
  }

  #falls(fault: keyof Faults): boolean {
    return this.#random.next() < this.faults[fault]
  }
}
