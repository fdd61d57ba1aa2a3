/** The process that owns the files, serves and writes; bench/serve.ts forks it and tells it what to do. */
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseManager } from '../../src/index.ts'
import { serve } from '../../src/serve/index.ts'
import { watchBlocks, type LongestBlocks } from '../harness/event-loop.ts'
import { collectGarbage, residentMb } from '../harness/memory.ts'
import { makeTrades, pairNames } from '../storage/trades.ts'
import { askOn, quantile, type Asked } from './questions.ts'

/** What the owner is told, by its name, and what it answers. */
export interface OwnerCalls {
  /** Stores so many ticks of a pair. */
  load(given: { pair: string; ticks: number }): Promise<void>
  /** How long its event loop is blocked, cores lacking apart, and how its memory grows, until `unwatch`. */
  watch(): Promise<void>
  unwatch(): Promise<LongestBlocks & { moreMb: number }>
  /** Clears away what was left, so that nobody pays for another's garbage. */
  collectGarbage(): Promise<void>
  /** The CPU time that its process has taken so far. */
  cpuMs(): Promise<number>
  /** The milliseconds in which it answers itself with all rows of a pair as one JSON text. */
  rowsAsText(given: { pair: string }): Promise<number>
  /** The same by the rows that the engine's own driver makes for JSON. */
  driverRowsAsText(given: { pair: string }): Promise<number>
  /** Writes for so long, alone or asked from inside; the milliseconds of inserts and of answers. */
  write(given: {
    seconds: number
    ticksPerSecond: number
    ask: boolean
  }): Promise<{ insertP99: number; asked: Asked }>
}

const callsPerSecond = 10
const allTicks = `SELECT timestamp, price, volume, side, trade_id AS "tradeId" FROM ticks ORDER BY timestamp`
const db = await DatabaseManager.open({ dataDir: process.argv[2]!, retention: 'forever' })
const server = await serve(db)
const pairs = pairNames(100)
let written = 0
let unwatch: (() => Promise<LongestBlocks & { moreMb: number }>) | undefined

const calls: OwnerCalls = {
  async load({ pair, ticks }) {
    const trades = makeTrades(ticks, Date.now() - ticks * 2, { spacingMs: 1 })
    for (let at = 0; at < ticks; at += 20_000)
      await db.insertTicks(pair, trades.slice(at, at + 20_000))
  },
  async watch() {
    const before = await residentMb()
    let peak = before
    const look = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20)), 5)
    const longestBlock = watchBlocks()
    unwatch = async () => {
      clearInterval(look)
      return { ...longestBlock(), moreMb: peak - before }
    }
  },
  unwatch: () => unwatch!(),
  async collectGarbage() {
    await collectGarbage()
  },
  async cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  async rowsAsText({ pair }) {
    const begun = performance.now()
    JSON.stringify(await db.query(pair, { name: 'rows', sql: allTicks, params: {} }))
    return performance.now() - begun
  },
  async driverRowsAsText({ pair }) {
    await using lease = await db.acquire(pair)
    const begun = performance.now()
    JSON.stringify((await lease.connection.runAndReadAll(allTicks)).getRowObjectsJson())
    return performance.now() - begun
  },
  async write({ seconds, ticksPerSecond, ask }) {
    await collectGarbage()
    const stop = new AbortController()
    const asking = ask ? askOn(db, pairs, stop.signal) : Promise.resolve({ candles: [], cvd: [] })
    const inserts: number[] = []
    const perCall = ticksPerSecond / callsPerSecond / pairs.length
    for (let call = 0; call < seconds * callsPerSecond; call++) {
      const next = delay(1000 / callsPerSecond)
      const trades = makeTrades(perCall, Date.now(), { spacingMs: 1, from: written })
      written += perCall
      await Promise.all(
        pairs.map(async (name) => {
          const begun = performance.now()
          await db.insertTicks(name, trades)
          inserts.push(performance.now() - begun)
        }),
      )
      await next
    }
    stop.abort()
    return { insertP99: quantile(inserts, 0.99), asked: await asking }
  },
}

process.on(
  'message',
  ({ id, name, given }: { id: number; name: keyof OwnerCalls; given: never }) => {
    void calls[name](given).then(
      (answer) => process.send!({ id, answer }),
      (error: unknown) => process.send!({ id, error: String(error) }),
    )
  },
)
process.once('disconnect', () => void server.close().then(() => db.close()))
process.send!({ url: server.url })
