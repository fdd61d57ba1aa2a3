import { expect, it, onTestFinished, vi } from 'vitest'
import { calculateCvdQuery, DatabaseManager } from '../../src/index.ts'
import {
  madeTrades,
  pairOf,
  Recording,
  RecordingProcess,
  storedTrades,
} from '../support/exchange/recording.ts'
import { noFaults, StandIn } from '../support/exchange/stand-in.ts'
import { temporaryFolder } from '../support/store.ts'

const minutes = 2
const faults = {
  cutMidFrame: 0.002,
  drop: 0.02,
  repeat: 0.1,
  reorder: 0.05,
  refuse: 0.3,
  shortPage: 0.3,
  lie: 0.01,
}
const patience = { timeout: 240_000, interval: 500 }

/** A recorder that is killed every now and then, on an exchange that fails in every way. */
async function recorded(exchange: StandIn, dataDir: string): Promise<void> {
  // Kraken's pages go by time: what a clock that went back hides has to fit into one.
  const atOnce = exchange.name === 'kraken' ? 1 : 5
  const endsAt = Date.now() + minutes * 60_000
  const arriving = setInterval(() => exchange.trade(atOnce), 20)
  try {
    while (Date.now() < endsAt) {
      const recorder = await RecordingProcess.start(dataDir, exchange)
      const before = recorder.stored
      await vi.waitFor(() => expect(recorder.stored).toBeGreaterThan(before + 500), patience)
      await recorder.kill()
      exchange.cutLines()
    }
  } finally {
    clearInterval(arriving)
  }
}

it.each([
  ['binance', 101],
  ['kraken', 102],
  ['bybit', 103],
] as const)('%s for minutes, with kill -9: the whole truth (seed %i)', async (name, seed) => {
  const exchange = await StandIn.start(name, seed)
  onTestFinished(() => exchange.close())
  const dataDir = temporaryFolder()
  // The first trades without faults: a hole has two ends.
  exchange.tradeSilently(1)
  exchange.faults = name === 'bybit' ? { ...faults, reorder: 0, lie: 0 } : faults
  await recorded(exchange, dataDir)
  exchange.faults = noFaults
  const db = await DatabaseManager.open({ dataDir })
  onTestFinished(() => db.close())
  const last = new Recording(db, exchange)
  await vi.waitFor(() => expect(exchange.listeners).toBeGreaterThan(0), patience)
  exchange.trade(3)
  const made = madeTrades(exchange, exchange.market.trades)
  const proves = name !== 'bybit'
  await vi.waitFor(async () => {
    const stored = await storedTrades(db, exchange)
    const ids = new Set(stored.map(({ id }) => id))
    expect(ids.size).toBe(stored.length)
    expect(stored.at(-1)).toEqual(made.at(-1))
    // Where ids prove it, all from the first on; else each is one of the exchange's own.
    const own = proves ? made.slice(-stored.length) : made.filter(({ id }) => ids.has(id))
    expect(stored).toEqual(own)
    const states = new Set((await db.gaps(pairOf(exchange))).map(({ state }) => state))
    expect(states).toEqual(new Set([proves ? 'filled' : 'unproved']))
  }, patience)
  const window = { from: exchange.market.trades[0]!.micros / 1000, to: Date.now() }
  const [row] = await db.query(pairOf(exchange), calculateCvdQuery(window))
  expect(row?.complete).toBe(proves)
  await last.stop()
})
