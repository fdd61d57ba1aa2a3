import { fork } from 'node:child_process'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { calculateCvdQuery, type DatabaseManager } from '../../../src/index.ts'
import {
  madeTrades,
  pairOf,
  Recording,
  RecordingProcess,
  storedTrades,
} from '../../support/exchange/recording.ts'
import type { RecordEvent } from '../../../src/record/index.ts'
import { noFaults, StandIn, type Faults } from '../../support/exchange/stand-in.ts'
import type { ExchangeName } from '../../support/exchange/wire-formats.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { openManager, temporaryFolder } from '../../support/store.ts'

const patience = { timeout: 30_000, interval: 50 }

async function standIn(name: ExchangeName, seed: number, faults?: Faults): Promise<StandIn> {
  const exchange = await StandIn.start(name, seed, faults)
  onTestFinished(() => exchange.close())
  return exchange
}

/** A process of its own loads ccxt first. */
const processPatience = { timeout: 90_000, interval: 50 }

async function heard(exchange: StandIn, until = patience): Promise<void> {
  await vi.waitFor(() => expect(exchange.listeners).toBeGreaterThan(0), until)
}

async function storedAll(db: DatabaseManager, exchange: StandIn): Promise<void> {
  await vi.waitFor(async () => {
    const made = madeTrades(exchange, exchange.market.trades)
    const stored = await storedTrades(db, exchange)
    expect(stored.map(({ id }) => id)).toEqual(made.map(({ id }) => id))
    expect(stored).toEqual(made)
  }, patience)
}

const forever = { retention: { ticks: 'forever' } } as const

describe('recordTrades', () => {
  it.each(['binance', 'kraken'] as const)(
    'stores what %s told and fetches what it did not',
    async (name) => {
      const exchange = await standIn(name, 1)
      const db = await openManager(forever)
      const recording = new Recording(db, exchange)
      await heard(exchange)
      exchange.trade(20)
      await storedAll(db, exchange)
      // Dropped without a cut: only the ids show it.
      exchange.tradeSilently(30)
      exchange.trade(5)
      await storedAll(db, exchange)
      exchange.cutLines()
      exchange.tradeSilently(40)
      await heard(exchange)
      exchange.trade(5)
      await storedAll(db, exchange)
      await vi.waitFor(async () => {
        const states = (await db.gaps(pairOf(exchange))).map(({ state }) => state)
        expect(states).toEqual(['filled', 'filled'])
      }, patience)
      await recording.stop()
    },
  )

  it('takes up where it stopped, and backfills before it began', async () => {
    const exchange = await standIn('binance', 2)
    exchange.tradeSilently(50)
    const db = await openManager(forever)
    const first = new Recording(db, exchange, { backfillMs: 3_600_000 })
    await heard(exchange)
    exchange.trade(3)
    await storedAll(db, exchange)
    await first.stop()
    // What is told from now on is told to the second one, however slowly the first one's line ends.
    exchange.cutLines()
    exchange.tradeSilently(2_500)
    const second = new Recording(db, exchange)
    await heard(exchange)
    exchange.trade(3)
    await storedAll(db, exchange)
    await second.stop()
    const gaps = await db.gaps(pairOf(exchange))
    expect(gaps.map(({ state, fromId }) => [state, fromId])).toEqual([
      ['filled', null],
      ['filled', exchange.market.trades[52]!.id],
    ])
  })

  it('waits for a pair that another process has for a moment', async () => {
    const exchange = await standIn('binance', 9)
    const pair = pairOf(exchange)
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, ...forever })
    const program = await childProgram(new URL('../../support/store-owner.ts', import.meta.url))
    const other = fork(program, [dataDir, '0', pair])
    onTestFinished(() => void other.kill('SIGKILL'))
    await nextWord(other)
    const named = vi.fn<() => string>(() => pair)
    const recording = new Recording(db, exchange, { pairOf: named })
    await vi.waitFor(() => expect(named).toHaveBeenCalled(), patience)
    // Asked after the recorder's own question, and answered after it.
    await expect(db.gaps(pair)).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
    other.kill('SIGKILL')
    await heard(exchange)
    exchange.trade(3)
    await storedAll(db, exchange)
    await recording.stop()
  })

  it('never says of Bybit that it is complete', async () => {
    const exchange = await standIn('bybit', 3)
    const db = await openManager(forever)
    const recording = new Recording(db, exchange)
    await heard(exchange)
    exchange.trade(10)
    await storedAll(db, exchange)
    exchange.cutLines()
    exchange.tradeSilently(20)
    await heard(exchange)
    exchange.trade(5)
    await storedAll(db, exchange)
    await recording.stop()
    const gaps = await db.gaps(pairOf(exchange))
    expect(gaps.map(({ state }) => state)).toEqual(['unproved', 'unproved'])
    expect(gaps[0]).toMatchObject({ reason: expect.stringContaining('do not tell') })
  })

  it('finds by the candles of a Bybit that trades are missing, and takes equality for no proof', async () => {
    const exchange = await standIn('bybit', 8)
    const db = await openManager(forever)
    const recording = new Recording(db, exchange)
    await heard(exchange)
    const minute = Math.floor(Date.now() / 60_000) * 60_000
    // Four minutes of the past, one after the other; in the third more are lost than can be had.
    for (const [at, lost] of [0, 0, 70, 0].entries()) {
      exchange.market.clockErrorMs = minute + (at - 5) * 60_000 + 30_000 - Date.now()
      exchange.trade(5)
      exchange.tradeSilently(lost)
      exchange.trade(5)
    }
    await vi.waitFor(async () => {
      const gaps = (await db.gaps(pairOf(exchange))).filter(
        ({ toTime, toId }) => toTime !== null && toId === null,
      )
      expect(gaps).toMatchObject([
        { fromTime: minute - 180_000, toTime: minute - 120_000, state: 'unproved', tries: 1 },
      ])
      expect(gaps[0]!.reason).toMatch(
        /own candle of this minute has a volume of [\d.]+, stored was/,
      )
    }, patience)
    await recording.stop()
    const states = (await db.gaps(pairOf(exchange))).map(({ state }) => state)
    expect(new Set(states)).toEqual(new Set(['unproved']))
  })

  it('says what the exchange does not give any more', async () => {
    const exchange = await standIn('binance', 4)
    const db = await openManager(forever)
    const recording = new Recording(db, exchange)
    await heard(exchange)
    exchange.trade(5)
    await storedAll(db, exchange)
    exchange.tradeSilently(10)
    const lost = exchange.market.trades.splice(7, 3)
    exchange.trade(1)
    await vi.waitFor(async () => {
      const gaps = await db.gaps(pairOf(exchange))
      expect(gaps.filter(({ state }) => state === 'unfillable')).toMatchObject([
        { fromId: String(BigInt(lost[0]!.id) - 1n), toId: String(BigInt(lost[2]!.id) + 1n) },
      ])
    }, patience)
    await recording.stop()
  })

  it('killed in the middle and started again: nothing twice, nothing lost without a word', async () => {
    const exchange = await standIn('binance', 6)
    const dataDir = temporaryFolder()
    const first = await RecordingProcess.start(dataDir, exchange)
    await heard(exchange, processPatience)
    // Killed while trades come: some are stored, some are on their way.
    const arriving = setInterval(() => exchange.trade(7), 5)
    await vi.waitFor(() => expect(first.stored).toBeGreaterThan(50), patience)
    await first.kill()
    clearInterval(arriving)
    exchange.cutLines()
    const { trades } = exchange.market
    exchange.tradeSilently(30)
    // What the exchange has forgotten by then nobody can fetch.
    const lost = trades.splice(trades.length - 12, 3)
    const db = await openManager({ dataDir })
    const second = new Recording(db, exchange)
    await heard(exchange)
    exchange.trade(3)
    await storedAll(db, exchange)
    await vi.waitFor(async () => {
      const gaps = await db.gaps(pairOf(exchange))
      expect(gaps.filter(({ state }) => state !== 'filled')).toMatchObject([
        {
          state: 'unfillable',
          fromId: String(BigInt(lost[0]!.id) - 1n),
          toId: String(BigInt(lost[2]!.id) + 1n),
        },
      ])
    }, patience)
    await second.stop()
    // The pair was new: what was recorded stays, though the default keeps 15 minutes.
    const inAnHour = { now: Date.now() + 3_600_000 }
    await db.cleanupPair(pairOf(exchange), inAnHour)
    await storedAll(db, exchange)
  })

  it('a planned change of line leaves no hole, and the filler its exchange', async () => {
    const exchange = await standIn('binance', 7)
    const db = await openManager(forever)
    const recording = new Recording(db, exchange, { renewAfterMs: 300 })
    await heard(exchange)
    const changed = () =>
      recording.events.some((event) => event.type === 'line' && event.state === 'changed')
    await vi.waitFor(() => {
      exchange.trade(1)
      expect(changed()).toBe(true)
    }, patience)
    await vi.waitFor(() => {
      exchange.trade(1)
      expect(exchange.listeners).toBe(2)
    }, patience)
    exchange.trade(5)
    exchange.tradeSilently(20)
    exchange.trade(5)
    await storedAll(db, exchange)
    await recording.stop()
    expect(recording.events.filter(({ type }) => type === 'error')).toEqual([])
  })

  it('hears what the old line gives while the new one is made', async () => {
    const exchange = await standIn('binance', 7)
    const db = await openManager(forever)
    let changed = false
    const onEvent = (event: RecordEvent): void => {
      if (event.type !== 'line' || event.state !== 'changed') return
      if (changed || exchange.listeners === 0) return
      changed = true
      // Nothing was stored before, so that no id would tell that it is missing.
      exchange.trade(1)
    }
    const recording = new Recording(db, exchange, { renewAfterMs: 1_000, onEvent })
    await vi.waitFor(() => expect(changed).toBe(true), patience)
    await vi.waitFor(() => expect(exchange.listeners).toBe(2), patience)
    exchange.trade(5)
    await storedAll(db, exchange)
    await recording.stop()
  })

  it('keeps the truth of a Bybit that fails in every way: never complete', async () => {
    const faults = { ...noFaults, cutMidFrame: 0.02, drop: 0.05, repeat: 0.1, refuse: 0.2 }
    const exchange = await standIn('bybit', 13)
    const db = await openManager(forever)
    const recording = new Recording(db, exchange, { silentMs: 5_000 })
    await heard(exchange)
    exchange.trade(1)
    await storedAll(db, exchange)
    exchange.faults = faults
    for (let burst = 0; burst < 20; burst++) {
      exchange.trade(10)
      await new Promise(setImmediate)
    }
    exchange.faults = noFaults
    await heard(exchange)
    exchange.trade(2)
    const made = madeTrades(exchange, exchange.market.trades)
    await vi.waitFor(async () => {
      const stored = await storedTrades(db, exchange)
      expect(stored.map(({ id }) => id)).toContain(made.at(-1)!.id)
    }, patience)
    await recording.stop()
    const stored = await storedTrades(db, exchange)
    // Each is one of the exchange's own, once; what is missing lies in what is not proved.
    expect(made).toEqual(expect.arrayContaining(stored))
    expect(new Set(stored.map(({ id }) => id)).size).toBe(stored.length)
    const gaps = await db.gaps(pairOf(exchange))
    expect(new Set(gaps.map(({ state }) => state))).toEqual(new Set(['unproved']))
    const times = stored.map(({ micros }) => micros / 1000)
    const window = { from: times[times.length >> 1]!, to: Math.max(...times) }
    expect(await db.query(pairOf(exchange), calculateCvdQuery(window))).toMatchObject([
      { complete: false },
    ])
  })

  it('refuses a pair that holds ids of another count', async () => {
    const exchange = await standIn('binance', 5)
    const db = await openManager()
    await db.claimIdSpace(pairOf(exchange), 'binance trades')
    await expect(new Recording(db, exchange).stop()).rejects.toMatchObject({ code: 'ID_SPACE' })
  })

  it.each([
    ['binance', 11],
    ['kraken', 12],
  ] as const)(
    'keeps the whole truth of a %s that fails in every way (seed %i)',
    async (name, seed) => {
      const faults = {
        ...noFaults,
        cutMidFrame: 0.01,
        drop: 0.05,
        repeat: 0.1,
        reorder: 0.1,
        refuse: 0.3,
        shortPage: 0.3,
        lie: 0.02,
      }
      const exchange = await standIn(name, seed, faults)
      const db = await openManager(forever)
      const recording = new Recording(db, exchange, { silentMs: 5_000 })
      await heard(exchange)
      exchange.faults = noFaults
      exchange.trade(1)
      await storedAll(db, exchange)
      exchange.faults = faults
      for (let burst = 0; burst < 30; burst++) {
        exchange.trade(10)
        await new Promise(setImmediate)
      }
      exchange.faults = { ...faults, cutMidFrame: 0, drop: 0, reorder: 0, lie: 0 }
      await heard(exchange)
      exchange.trade(2)
      await storedAll(db, exchange)
      await vi.waitFor(async () => {
        const open = (await db.gaps(pairOf(exchange))).filter(({ state }) => state !== 'filled')
        expect(open).toEqual([])
      }, patience)
      expect(exchange.told.dropped).toBeGreaterThan(0)
      await recording.stop()
    },
  )
})
