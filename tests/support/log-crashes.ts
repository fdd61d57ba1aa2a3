import assert from 'node:assert/strict'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseManager, PairduckError } from '../../src/index.ts'
import { timeframeMs } from '../../src/time.ts'
import { candleDifferences, foldCandles } from './candle-fold.ts'
import { childProgram } from './child-program.ts'
import { logPair, logTick, type LogOrder } from './log-writer.ts'
import { storedCandles, storedTicks } from './store-rows.ts'

/** Writers that are started ahead: to start one takes longer than all that it does until it is killed. */
export class LogWriters {
  #spare: Promise<ChildProcessWithoutNullStreams> | undefined

  /** Runs a writer and kills it: after so many acknowledgements, or so many ms after it has begun. */
  async runAndKill(
    order: LogOrder,
    kill: { acknowledgements: number } | { afterMs: number },
    acknowledged: (pair: number, from: number, to: number) => void = () => undefined,
  ): Promise<void> {
    const child = await (this.#spare ?? startWriter())
    this.#spare = startWriter()
    let complaint = ''
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
    const ended = once(child, 'exit')
    child.stdin.write(`${JSON.stringify(order)}\n`)
    let count = 0
    for await (const line of createInterface(child.stdout)) {
      if (line === 'begun' && 'afterMs' in kill)
        setTimeout(() => child.kill('SIGKILL'), kill.afterMs)
      const [pair, from, to] = line.split(' ').map(Number) as [number, number, number]
      if (to === undefined) continue
      acknowledged(pair, from, to)
      if ('acknowledgements' in kill && ++count >= kill.acknowledgements) child.kill('SIGKILL')
    }
    await ended
    assert.equal(complaint, '')
  }

  async end(): Promise<void> {
    const spare = await this.#spare
    spare?.kill('SIGKILL')
  }
}

async function startWriter(): Promise<ChildProcessWithoutNullStreams> {
  const program = await childProgram(new URL('log-writer.ts', import.meta.url))
  return spawn(process.execPath, [program, 'write'], { stdio: ['pipe', 'pipe', 'pipe'] })
}

/** What several writers were told is stored, pair by pair. */
export class Acknowledged {
  readonly #calls: Map<number, number>[]

  constructor(pairs: number) {
    this.#calls = Array.from({ length: pairs }, () => new Map<number, number>())
  }

  readonly note = (pair: number, from: number, to: number): void => {
    this.#calls[pair]!.set(from, to)
  }

  /** Opens the directory, and finds every acknowledged tick once, right candles, and no log left. */
  async check(dataDir: string): Promise<number[]> {
    const store = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
    const errors: unknown[] = []
    store.on('error', (event) => errors.push(event))
    store.on('rowsLost', (event) => errors.push(event))
    const next: number[] = []
    for (const [index, calls] of this.#calls.entries()) {
      const ticks = await storedTicks(store, logPair(index)).catch((error: unknown) => {
        if (PairduckError.is(error, 'PAIR_NOT_FOUND') && calls.size === 0) return []
        throw error
      })
      if (ticks.length === 0) {
        if (calls.size > 0) throw new Error(`pair ${index}: all ticks are gone`)
        next.push(0)
        continue
      }
      const prices = new Set(ticks.map(({ price }) => price))
      assert.equal(prices.size, ticks.length, `pair ${index}: ticks are there twice`)
      for (const [from, to] of calls)
        for (let n = from; n < to; n++)
          if (!prices.has(logTick(index, n).price))
            throw new Error(`pair ${index}: tick ${n} is gone`)
      for (const timeframe of ['1m', '15m'] as const)
        assert.deepEqual(
          candleDifferences(
            await storedCandles(store, logPair(index), timeframe),
            foldCandles(ticks, timeframeMs[timeframe]),
          ),
          [],
        )
      // Also what was stored and not acknowledged is not sent again: it may have no id.
      const last = ticks.reduce((most, { price }) => Math.max(most, price), 0)
      next.push(last - 1000 - index * 100_000 + 1)
    }
    assert.deepEqual(errors, [])
    assert.deepEqual(logsIn(dataDir), [])
    await store.close()
    return next
  }
}

/** The logs of a data directory. */
export function logsIn(dataDir: string): string[] {
  const root = join(dataDir, '.pairduck', 'log')
  return existsSync(root) ? readdirSync(root) : []
}
