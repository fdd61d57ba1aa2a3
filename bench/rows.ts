/** Candles of 100 pairs as bots send them: the newest bar again and again, 64 callers in all. */
import { DatabaseManager, type Candle, type Lease } from '../src/index.ts'
import { query } from '../src/queries/query.ts'
import { interleave, median } from './harness/interleave.ts'
import { collectGarbage } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { pairNames } from './storage/trades.ts'

const pairs = 100
const callers = 64
const seconds = 2
/** So often a bar is sent until the next one opens. */
const callsOfBar = 50
const firstBar = Date.UTC(2024, 7, 8, 12)

export async function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const log = await CandleCalls.open(`${folder}/log`)
    const file = await CandleCalls.open(`${folder}/file`)
    await file.lease()
    const cpu = { log: [] as number[], file: [] as number[] }
    const rate = await interleave(
      {
        log: () => log.run((micros) => cpu.log.push(micros)),
        file: () => file.run((micros) => cpu.file.push(micros)),
      },
      { rounds: 5 },
    )
    await Promise.all([log.close(), file.close()])
    const name = '100 pairs, 64 callers in all, calls of one candle'
    const [byLog, byFile] = [median(cpu.log), median(cpu.file)]
    return [
      {
        name,
        value: rate.log,
        unit: 'calls/s',
        comparedWith: `the same straight to each pair's file: ${Math.round(rate.file).toLocaleString('en')} calls/s`,
        ratio: rate.log / rate.file,
        target: { atLeast: 10 },
      },
      {
        name: `${name}, CPU`,
        value: byLog,
        unit: 'µs/call',
        comparedWith: `the same straight to each pair's file: ${Math.round(byFile).toLocaleString('en')} µs`,
        ratio: byLog / byFile,
        target: { atMost: 0.2 },
      },
    ]
  })
}

/** Whoever asks a pair has in its file what was acknowledged. */
const anything = query('anything', 'SELECT 1 AS one')

/** Calls to all pairs in turn, where one stretch after the other goes on with the bars. */
class CandleCalls {
  readonly #names = pairNames(pairs)
  readonly #db: DatabaseManager
  #leases: Lease[] = []
  #next = 0

  private constructor(db: DatabaseManager) {
    this.#db = db
  }

  static async open(dataDir: string): Promise<CandleCalls> {
    const calls = new CandleCalls(await DatabaseManager.open({ dataDir, retention: 'forever' }))
    for (const pair of calls.#names) await calls.#db.insertCandles(pair, '1m', [candleOf(0)])
    return calls
  }

  /** From now on nothing is acknowledged that is not in the pair's file, which somebody may look at. */
  async lease(): Promise<void> {
    this.#leases = await Promise.all(this.#names.map((pair) => this.#db.acquire(pair)))
  }

  async close(): Promise<void> {
    for (const lease of this.#leases) await lease.release()
    await this.#db.close()
  }

  /** Calls a second; tells the µs of CPU time that each call took until all of it was in the files. */
  async run(tell: (micros: number) => void): Promise<number> {
    await collectGarbage()
    const from = this.#next
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    await Promise.all(
      Array.from({ length: callers }, () => this.#callUntil(startedAt + seconds * 1000)),
    )
    const ms = performance.now() - startedAt
    // While one may look at the files, they have it already.
    if (this.#leases.length === 0)
      for (const pair of this.#names) await this.#db.query(pair, anything)
    const { user, system } = process.cpuUsage(cpu)
    const calls = this.#next - from
    tell((user + system) / calls)
    return (calls * 1000) / ms
  }

  async #callUntil(endsAt: number): Promise<void> {
    while (performance.now() < endsAt) {
      const at = this.#next++
      const call = Math.floor(at / pairs)
      await this.#db.insertCandles(this.#names[at % pairs]!, '1m', [candleOf(call)])
    }
  }
}

function candleOf(call: number): Candle {
  const close = 100 + (call % callsOfBar) / 100
  const timestamp = firstBar + Math.floor(call / callsOfBar) * 60_000
  return { timestamp, open: 100, high: 101, low: 99, close, volume: 1 + call }
}
