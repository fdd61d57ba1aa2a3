import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'vitest'
import { DatabaseManager, PairduckError } from '../../../src/index.ts'
import { query } from '../../../src/queries/query.ts'
import { timeframeMs } from '../../../src/time.ts'
import { candleDifferences, foldCandles } from '../candle-fold.ts'
import { storedCandles, storedTicks } from '../store-rows.ts'
import { sequenceTick } from '../tick-sequence.ts'
import { recordedPair, recordedRetention, type RecordedCall } from './recorded-program.ts'

/**
 * Opens what a crash left in `folder` as a user would. Nothing is refused, every acknowledged tick
 * is there, of a call in flight all or nothing, candles are the fold of the ticks; then what was
 * not acknowledged is sent again, and all is as if nothing had happened.
 */
export async function expectNothingLost(
  folder: string,
  calls: readonly RecordedCall[],
): Promise<void> {
  // The model of the disk keeps no modes, and a folder that others may enter gets no socket.
  const options = {
    dataDir: join(folder, 'data'),
    retention: recordedRetention,
    localSocket: false,
  }
  for (const round of ['first', 'second']) {
    const store = await DatabaseManager.open(options)
    try {
      const events: unknown[] = []
      store.on('rowsLost', (event) => events.push(event))
      store.on('error', (event) => events.push(event))
      if (round === 'second') await send(store, calls)
      await expectStored(store, round === 'first' ? calls : calls.map(answered))
      expect(events).toEqual([])
    } finally {
      await store.close()
    }
  }
  await expectWholeSnapshot(join(folder, 'snapshot.duckdb'))
}

function answered(call: RecordedCall): RecordedCall {
  return { ...call, acknowledged: true }
}

function ticksOf({ from, to }: RecordedCall): ReturnType<typeof sequenceTick>[] {
  return Array.from({ length: to - from }, (_, k) => sequenceTick(0, from + k))
}

async function send(store: DatabaseManager, calls: readonly RecordedCall[]): Promise<void> {
  for (const call of calls) {
    const { conflicts } = await store.insertTicks(recordedPair, ticksOf(call))
    expect(conflicts).toBe(0)
  }
}

async function expectStored(store: DatabaseManager, calls: readonly RecordedCall[]): Promise<void> {
  const ticks = await found(storedTicks(store, recordedPair))
  const mark = await found(
    store.query(
      recordedPair,
      query<{ at: number }>(
        'mark',
        `SELECT deleted_before AS at FROM pairduck_marks WHERE relation = 'ticks'`,
      ),
    ),
  )
  const deletedBefore = mark[0]?.at ?? -Infinity
  const ids = new Set(ticks.map(({ tradeId }) => tradeId))
  expect(ids.size).toBe(ticks.length)
  const known = new Set<string>()
  for (const call of calls) {
    const wanted = ticksOf(call).filter(({ timestamp }) => timestamp >= deletedBefore)
    for (const { tradeId } of wanted) known.add(tradeId!)
    const there = wanted.filter(({ tradeId }) => ids.has(tradeId!)).length
    if (call.acknowledged || there > 0) expect(there).toBe(wanted.length)
  }
  expect([...ids].filter((id) => !known.has(id!))).toEqual([])
  if (ticks.length === 0) return
  // Late ticks behind retention's mark are counted as expired once and not again in candles.
  const whole = await store.verify(recordedPair)
  expect(whole.problems).toEqual([])
  const bars = await storedCandles(store, recordedPair, '1m')
  const complete = foldCandles(
    ticks.filter(({ timestamp }) => timestamp >= wholeBarsFrom(deletedBefore)),
    timeframeMs['1m'],
  )
  const covered = bars.filter(({ timestamp }) => timestamp >= wholeBarsFrom(deletedBefore))
  expect(candleDifferences(covered, complete)).toEqual([])
}

function wholeBarsFrom(deletedBefore: number): number {
  return Math.ceil(deletedBefore / timeframeMs['1m']) * timeframeMs['1m']
}

/** Nothing, where the pair was not made yet. */
async function found<T>(rows: Promise<T[]>): Promise<T[]> {
  return rows.catch((error: unknown) => {
    if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return []
    throw error
  })
}

/** A snapshot has its name only when it is whole. */
async function expectWholeSnapshot(file: string): Promise<void> {
  if (!existsSync(file)) return
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const [row] = (await connection.runAndReadAll('SELECT count(*) FROM ticks')).getRowsJson()
  expect(Number(row![0])).toBeGreaterThan(0)
  connection.closeSync()
  instance.closeSync()
}
