import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { query, type DatabaseManager } from '../../../src/index.ts'
import { recordTrades, type RecordEvent, type RecordOptions } from '../../../src/record/index.ts'
import { childProgram } from '../child-program.ts'
import { ccxtClient } from './ccxt-client.ts'
import type { MadeTrade } from './market.ts'
import type { StandIn } from './stand-in.ts'
import { bybitId } from './wire-formats.ts'

export const recordedSymbol = { binance: 'BTC/USDT', kraken: 'BTC/USD', bybit: 'BTC/USDT' } as const

/** A recorder that runs until it is stopped, and what it told. */
export class Recording {
  readonly events: RecordEvent[] = []
  readonly #stop = new AbortController()
  readonly #done: Promise<void>

  constructor(db: DatabaseManager, standIn: StandIn, options: RecordOptions = {}) {
    const make = () => ccxtClient(standIn.name, standIn.port)
    this.#done = recordTrades(db, make, [recordedSymbol[standIn.name]], {
      signal: this.#stop.signal,
      onEvent: (event) => this.events.push(event),
      ...options,
    })
    this.#done.catch(() => undefined)
    onTestFinished(() => this.stop().catch(() => undefined))
  }

  stop(): Promise<void> {
    this.#stop.abort()
    return this.#done
  }
}

/** A recorder in a process of its own, and how many trades it says that it stored. */
export class RecordingProcess {
  stored = 0
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#child.on('message', (count) => (this.stored += Number(count)))
    onTestFinished(() => void this.#child.kill('SIGKILL'))
  }

  static async start(dataDir: string, { name, port }: StandIn): Promise<RecordingProcess> {
    const program = await childProgram(new URL('recorder-process.ts', import.meta.url))
    return new RecordingProcess(fork(program, [dataDir, name, String(port), recordedSymbol[name]]))
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

export function pairOf(standIn: StandIn): string {
  return `${standIn.name}/spot/${recordedSymbol[standIn.name]}`
}

interface Stored {
  readonly id: string
  readonly micros: number
  readonly price: number
  readonly volume: number
  readonly side: string
}

/** What is stored, in the order of the ids. */
export function storedTrades(db: DatabaseManager, standIn: StandIn): Promise<Stored[]> {
  return db.query(
    pairOf(standIn),
    query<Stored>(
      'stored',
      `SELECT trade_id AS "id", epoch_us(timestamp) AS "micros", price AS "price", volume AS "volume",
        side::VARCHAR AS "side" FROM ticks ORDER BY length(trade_id), trade_id`,
    ),
  )
}

/** The same of the stand-in's own list; Kraken alone gives microseconds. */
export function madeTrades(standIn: StandIn, trades: readonly MadeTrade[]): Stored[] {
  return trades.map((trade) => ({
    id: standIn.name === 'bybit' ? bybitId(trade) : trade.id,
    micros: standIn.name === 'kraken' ? trade.micros : Math.floor(trade.micros / 1000) * 1000,
    price: Number(trade.price),
    volume: Number(trade.amount),
    side: trade.side,
  }))
}
