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
import {
  logPair,
  logRetention,
  logTick,
  rowVersions,
  type LogOrder,
  type RowKind,
} from './log-writer.ts'
import { sql } from './store.ts'
import { storedCandles, storedTicks } from './store-rows.ts'

/** Writers that are started ahead: to start one takes longer than all that it does until it is killed. */
export class LogWriters {
  #spare: Promise<ChildProcessWithoutNullStreams> | undefined

  /** Runs a writer and kills it: after so many acknowledgements, or so many ms after it has begun. */
  async runAndKill(
    order: LogOrder,
    kill: { acknowledgements: number } | { afterMs: number },
    acknowledged: Acknowledged | undefined,
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
      const [pair, from, to] = line.split(' ')
      if (to === undefined) continue
      if (from === 'candle' || from === 'flow')
        acknowledged?.noteRow(Number(pair), from, Number(to))
      else acknowledged?.note(Number(pair), Number(from), Number(to))
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
  /** The last version of a row of each pair. */
  readonly #rows: Record<RowKind, number[]>

  constructor(pairs: number) {
    this.#rows = { candle: nothing(pairs), flow: nothing(pairs) }
    this.#calls = Array.from({ length: pairs }, () => new Map<number, number>())
  }

  note(pair: number, from: number, to: number): void {
    this.#calls[pair]!.set(from, to)
  }

  noteRow(pair: number, kind: RowKind, version: number): void {
    this.#rows[kind][pair] = version
  }

  /**
   * Opens the directory, and finds every acknowledged tick once, right candles, of each row the last
   * version, and no log left.
   */
  async check(dataDir: string): Promise<Pick<LogOrder, 'next' | 'nextRow'>> {
    const store = await DatabaseManager.open({ dataDir, retention: logRetention })
    const errors: unknown[] = []
    store.on('error', (event) => errors.push(event))
    store.on('rowsLost', (event) => errors.push(event))
    const next: number[] = []
    const nextRow: Record<RowKind, number[]> = { candle: [], flow: [] }
    for (const [index, calls] of this.#calls.entries()) {
      const ticks = await storedTicks(store, logPair(index)).catch((error: unknown) => {
        if (PairduckError.is(error, 'PAIR_NOT_FOUND') && calls.size === 0) return []
        throw error
      })
      for (const kind of ['candle', 'flow'] as const)
        nextRow[kind].push(await this.#checkRows(store, index, kind))
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
    return { next, nextRow }
  }

  /** Returns the first version of a row that is not stored. */
  async #checkRows(store: DatabaseManager, index: number, kind: RowKind): Promise<number> {
    const versions = await store
      .query(logPair(index), sql<{ n: number }>(storedRows[kind]))
      .catch((error: unknown) => {
        if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return []
        throw error
      })
    const last = versions.at(-1)?.n ?? -1
    if (last < this.#rows[kind][index]!)
      throw new Error(`pair ${index}: ${kind} ${this.#rows[kind][index]} is gone, there is ${last}`)
    // Of every row but the newest the last version is stored.
    for (const [row, { n }] of versions.slice(0, -1).entries())
      assert.equal(n, (row + 1) * rowVersions - 1)
    return last + 1
  }
}

const storedRows: Record<RowKind, string> = {
  candle: `SELECT volume AS n FROM candles_5m WHERE trade_count IS NULL ORDER BY timestamp`,
  flow: `SELECT cvd AS n FROM order_flow ORDER BY timestamp`,
}

function nothing(pairs: number): number[] {
  return Array.from({ length: pairs }, () => -1)
}

/** The logs of a data directory. */
export function logsIn(dataDir: string): string[] {
  const root = join(dataDir, '.pairduck', 'log')
  return existsSync(root) ? readdirSync(root) : []
}

/** The segments of the one log of a directory. */
export function logSegments(dataDir: string): string[] {
  const [log] = logsIn(dataDir)
  const folder = join(dataDir, '.pairduck', 'log', log!)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(folder, name))
}
