import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseManager, PairduckError } from '../../../src/index.ts'
import { readDatabaseHeader } from '../../../src/storage/recovery/database-header.ts'
import { blockOffset, metadataBlocks } from '../../../src/storage/recovery/metadata-blocks.ts'
import { pairFiles } from '../../../src/storage/file/pair-files.ts'
import { parsePair } from '../../../src/pair.ts'
import { sequenceTick } from '../tick-sequence.ts'
import type { RecordedCall } from './recorded-program.ts'

/** Which call of the scenario fails, and how; `at` 0 lets none fail. */
export interface Fault {
  /** Letters of disk-shim.c. */
  readonly kinds: string
  readonly at: number
  readonly errno: number
  /** Half of a write is done before it fails. */
  readonly half: boolean
}

/** What a fault did to the scenario. */
export interface FaultReport {
  readonly fault: Fault
  /** Calls of these kinds that the scenario made. */
  readonly calls: number
  /** `step: code` of each call that was rejected, and of each error event. */
  readonly errors: readonly string[]
  /** Rejections and events without a code, and errors of the pair whose disk is well. */
  readonly violations: readonly string[]
  readonly inserts: readonly RecordedCall[]
}

const pair = 'crash/spot/P0'
const retention = {
  ticks: 120_000,
  candles_1m: 'forever',
  candles_5m: 'forever',
  candles_15m: 'forever',
} as const

/** Runs the scenario once per fault below `watch`, each in its own folder, and prints its report. */
async function main(watch: string, faults: readonly Fault[]): Promise<void> {
  for (const [index, fault] of faults.entries()) {
    const folder = join(watch, `${index}`)
    mkdirSync(folder)
    console.log(JSON.stringify(await runScenario(watch, folder, fault)))
  }
}

async function runScenario(watch: string, folder: string, fault: Fault): Promise<FaultReport> {
  const errors: string[] = []
  const violations: string[] = []
  const inserts: RecordedCall[] = []
  const note = (step: string, error: unknown): void => {
    const all = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
    for (const each of all)
      if (PairduckError.is(each)) errors.push(`${step}: ${each.code}: ${each.message}`)
      else violations.push(`${step}: ${String(each)}`)
  }
  const attempt = async <T>(step: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      note(step, error)
      return undefined
    }
  }
  const options = { dataDir: join(folder, 'data'), retention }
  const start = async (): Promise<DatabaseManager | undefined> => {
    const store = await attempt('open', () => DatabaseManager.open(options))
    store?.on('error', ({ error }) => note('error event', error))
    return store
  }
  let next = 0
  const insert = async (store: DatabaseManager, count: number): Promise<void> => {
    const call = { from: next, to: (next += count) }
    const ticks = Array.from({ length: count }, (_, k) => sequenceTick(0, call.from + k))
    const done = await attempt('insertTicks', () => store.insertTicks(pair, ticks))
    inserts.push({ ...call, acknowledged: done !== undefined })
  }

  order(watch, fault)
  let store = await start()
  if (store !== undefined) {
    const db = store
    await insert(db, 40)
    await insert(db, 60)
    await attempt('cleanup', () => db.cleanupPair(pair, { now: 'newest-tick' }))
    await insert(db, 30)
    await attempt('insertCandles', () => db.insertCandles(pair, '15m', [someCandle]))
    await attempt('snapshot', () => db.snapshot(pair, join(folder, 'snapshot.duckdb')))
    await attempt('verify', () => db.verify(pair))
    await attempt('close', () => db.close())
  }
  await breakChecksum(options.dataDir)
  store = await start()
  if (store !== undefined) {
    const db = store
    await attempt('repair', () => db.repair(pair))
    await insert(db, 20)
    await attempt('query', () => db.query(pair, { name: 'n', sql: 'FROM ticks', params: {} }))
    await attempt('close', () => db.close())
  }
  const calls = done(watch)
  return { fault, calls, errors, violations, inserts }
}

const someCandle = {
  timestamp: Date.UTC(2024, 7, 8, 10),
  open: 1,
  high: 2,
  low: 1,
  close: 2,
  volume: 3,
}

/** What a torn checkpoint leaves where no log is: all there, and the engine refuses the file. */
async function breakChecksum(dataDir: string): Promise<void> {
  const { database } = pairFiles(dataDir, parsePair(pair))
  const file = await open(database, 'r+').catch(() => undefined)
  if (file === undefined) return
  try {
    const header = await readDatabaseHeader(file)
    const [block] = header === undefined ? [] : ((await metadataBlocks(file, header)) ?? [])
    if (block === undefined) return
    const write = () => file.write(Buffer.alloc(8), 0, 8, blockOffset(block, header!.blockBytes))
    // The fault may be meant for this one; it comes once.
    await write().catch(write)
  } finally {
    await file.close()
  }
}

/** Tells the disk below this process what is to fail from now on. */
function order(watch: string, { kinds, at, errno, half }: Fault): void {
  const word = at === 0 ? `count-${kinds}` : `fail-${at}-${errno}-${kinds}-${half ? 1 : 0}`
  try {
    openSync(join(watch, '.disk', word), 'r')
  } catch {
    // There never is such a file.
  }
}

/** Lets nothing fail any more; the number of calls that could have. */
function done(watch: string): number {
  const file = openSync(join(watch, '.disk', 'done'), 'r')
  const calls = Number(readFileSync(file, 'utf8'))
  closeSync(file)
  return calls
}

if (process.argv[2] === 'run') await main(process.argv[3]!, JSON.parse(process.argv[4]!) as Fault[])
