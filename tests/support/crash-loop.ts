import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished } from 'vitest'
import { DatabaseManager, PairduckError, type Tick, type Timeframe } from '../../src/index.ts'
import { query } from '../../src/queries/query.ts'
import { timeframeMs } from '../../src/time.ts'
import { childProgram } from './child-program.ts'
import { crashPair, type CrashOrder } from './crash-writer.ts'
import { storedCandles, storedTicks } from './store-rows.ts'
import { temporaryFolder } from './store.ts'
import { candleDifferences, foldCandles } from './candle-fold.ts'
import { sequenceTick } from './tick-sequence.ts'

const pairs = 5
const timeframes: readonly Timeframe[] = ['1m', '5m', '15m']
// Late ticks and what is sent anew after a crash are well within: nothing of it expires.
const retention = {
  ticks: 120_000,
  candles_1m: 'forever',
  candles_5m: 'forever',
  candles_15m: 'forever',
} as const

/**
 * Kills a writing process again and again, after a few acknowledgements or after many: in opening,
 * commits, evictions and cleanups. Every acknowledged tick must be there afterwards, none twice, and
 * the candles must be those of all ticks. The seed decides what is written and when it is killed.
 */
export async function expectCrashSafe(kills: number, seed: number): Promise<void> {
  const dataDir = temporaryFolder()
  /** What was acknowledged, per pair, by number. */
  const acknowledged = Array.from({ length: pairs }, () => new Set<number>())
  /** Per pair the first tick that was not acknowledged: from there it is sent anew. */
  const next = Array.from({ length: pairs }, () => 0)

  let spare = await startWriter()
  for (let kill = 1; kill <= kills; kill++) {
    const writer = spare
    // The next one loads its modules while this one writes.
    spare = await startWriter()
    const order = { dataDir, seed: seed + kill, retention, next }
    await writeUntilKilled(writer, order, 1 + (((seed + kill) * 29) % 31))
    await check()
  }
  spare.kill('SIGKILL')
  await checkWhole()

  async function writeUntilKilled(
    writer: ChildProcessWithoutNullStreams,
    order: CrashOrder,
    acknowledgements: number,
  ): Promise<void> {
    let complaint = ''
    writer.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
    const ended = once(writer, 'exit')
    const lines = createInterface(writer.stdout)
    writer.stdin.write(`${JSON.stringify(order)}\n`)
    let count = 0
    for await (const line of lines) {
      const [pair, from, to] = line.split(' ').map(Number) as [number, number, number]
      for (let k = from; k < to; k++) acknowledged[pair]!.add(k)
      if (++count === acknowledgements) writer.kill('SIGKILL')
    }
    expect({ end: await ended, complaint }).toMatchObject({ end: [null, 'SIGKILL'] })
    for (let pair = 0; pair < pairs; pair++)
      while (acknowledged[pair]!.has(next[pair]!)) next[pair]!++
  }

  async function check(): Promise<void> {
    const store = await DatabaseManager.open({ dataDir, retention })
    const lost: unknown[] = []
    store.on('rowsLost', (event) => lost.push(event))
    await Promise.all(acknowledged.map((_, index) => checkPair(store, index)))
    expect(lost).toEqual([])
    await store.close()
  }

  async function checkPair(store: DatabaseManager, index: number): Promise<void> {
    const pair = crashPair(index)
    const ticks = await ticksOf(store, index)
    if (ticks === undefined) return
    const [mark] = await store.query(
      pair,
      query<{ before: number }>(
        'mark',
        `SELECT deleted_before AS before FROM pairduck_marks WHERE relation = 'ticks'`,
      ),
    )
    const before = mark?.before ?? 0
    const ids = new Set(ticks.map(({ tradeId }) => tradeId))
    expect(ids.size).toBe(ticks.length)
    const missing = [...acknowledged[index]!]
      .map((k) => sequenceTick(index, k))
      .filter(({ timestamp, tradeId }) => timestamp >= before && !ids.has(tradeId))
    expect(missing).toEqual([])
    for (const timeframe of timeframes) {
      const whole = ({ timestamp }: { timestamp: number }): boolean => timestamp >= before
      expect(
        candleDifferences(
          (await storedCandles(store, pair, timeframe)).filter(whole),
          foldCandles(ticks, timeframeMs[timeframe]).filter(whole),
        ),
      ).toEqual([])
    }
  }

  /** Undefined if every writer was killed before anything of this pair was acknowledged. */
  async function ticksOf(store: DatabaseManager, index: number): Promise<Tick[] | undefined> {
    return storedTicks(store, crashPair(index)).catch((error: unknown) => {
      if (PairduckError.is(error, 'PAIR_NOT_FOUND') && acknowledged[index]!.size === 0)
        return undefined
      throw error
    })
  }

  /** All that was ever sent, sent again: candles hold every tick once, long deleted ones too. */
  async function checkWhole(): Promise<void> {
    const store = await DatabaseManager.open({ dataDir, retention })
    for (let index = 0; index < pairs; index++) {
      const pair = crashPair(index)
      const numbers = (await ticksOf(store, index))?.map(({ tradeId }) => Number(tradeId) - 1000)
      if (numbers === undefined) continue
      const last = numbers.reduce((most, number) => Math.max(most, number), -1)
      const sent = Array.from({ length: last + 1 }, (_, k) => sequenceTick(index, k))
      const counts = await store.insertTicks(pair, sent)
      expect(counts.conflicts).toBe(0)
      for (const timeframe of timeframes)
        expect(
          candleDifferences(
            await storedCandles(store, pair, timeframe),
            foldCandles(sent, timeframeMs[timeframe]),
          ),
        ).toEqual([])
    }
    await store.close()
  }
}

async function startWriter(): Promise<ChildProcessWithoutNullStreams> {
  const program = await childProgram(new URL('crash-writer.ts', import.meta.url))
  const writer = spawn(process.execPath, [program, 'write'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => void writer.kill('SIGKILL'))
  return writer
}
