import { cpSync, lstatSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { Query } from '../../src/queries/query.ts'
import { DatabaseManager, type ManagerOptions, type PairduckEvents } from '../../src/index.ts'
import type { Tick } from '../../src/schema/rows.ts'

/** A folder of the test's own, removed when it ends. */
export function temporaryFolder(within: string = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(within, 'pairduck-test-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same, in memory where the system has such a place: for half a million commits and their syncs. */
export function memoryFolder(): string {
  try {
    return temporaryFolder('/dev/shm')
  } catch {
    return temporaryFolder()
  }
}

/**
 * Copies of data directories that are made once for a test file, one of each set of arguments: what
 * many of its tests begin with.
 */
export function copiesOf<Args extends readonly unknown[]>(
  make: (dataDir: string, ...args: Args) => Promise<unknown>,
): (...args: Args) => Promise<string> {
  const folders = new Map<string, Promise<string>>()
  afterAll(async () => {
    for (const folder of folders.values()) rmSync(await folder, { recursive: true, force: true })
  })
  const made = async (args: Args): Promise<string> => {
    const folder = mkdtempSync(join(tmpdir(), 'pairduck-test-'))
    await make(folder, ...args)
    return folder
  }
  return async (...args) => {
    const kind = JSON.stringify(args)
    const original = folders.get(kind) ?? made(args)
    folders.set(kind, original)
    const copy = temporaryFolder()
    cpSync(await original, copy, { recursive: true, filter: isNoSocket })
    return copy
  }
}

/** A socket of a process that was killed cannot be copied. */
function isNoSocket(path: string): boolean {
  return !lstatSync(path).isSocket()
}

/** A manager that is closed when the test ends, on a folder of its own if none is given. */
export async function openManager(options: ManagerOptions = {}): Promise<DatabaseManager> {
  const db = await DatabaseManager.open({ dataDir: temporaryFolder(), ...options })
  onTestFinished(() => db.close().catch(() => undefined))
  return db
}

/** One manager for all tests of a file, each of which takes pairs of its own: opening costs. */
export function shareManager(
  options: ManagerOptions = {},
  prepare: (db: DatabaseManager) => Promise<unknown> = async () => undefined,
): () => DatabaseManager {
  let db: DatabaseManager | undefined
  beforeAll(async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pairduck-test-')))
    db = await DatabaseManager.open({ dataDir: folder, ...options })
    await prepare(db)
    return async () => {
      await db?.close().catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    }
  })
  return () => db!
}

/** `count` ticks, one each `stepMs`, with ids that go on from `first`. */
export function someTicks(
  count: number,
  { from = Date.now() - 60_000, stepMs = 1, first = 1, price = 100 } = {},
): Tick[] {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: from + index * stepMs,
    price: price + (index % 10),
    volume: 1 + (index % 3),
    side: index % 2 === 0 ? 'BUY' : 'SELL',
    tradeId: String(first + index),
  }))
}

/** A query of one's own. */
export function sql<Row = Record<string, unknown>>(text: string): Query<Row> {
  return { name: 'test', sql: text, params: {} }
}

export async function countTicks(db: DatabaseManager, pair: string): Promise<number> {
  const [row] = await db.query(pair, sql<{ n: number }>('SELECT count(*) AS n FROM ticks'))
  return row!.n
}

/** The database file of a pair whose symbol stands as it is. */
export function fileOf(dataDir: string, pair: string): string {
  return join(dataDir, ...pair.split('/'), 'trading.duckdb')
}

/** Resolves with the next event of a name that fits. */
export function nextEvent<Name extends keyof PairduckEvents>(
  db: DatabaseManager,
  name: Name,
  fits: (event: PairduckEvents[Name][0]) => boolean = () => true,
): Promise<PairduckEvents[Name][0]> {
  return new Promise((resolve) => {
    const listener = (event: PairduckEvents[Name][0]): void => {
      if (!fits(event)) return
      db.off(name, listener)
      resolve(event)
    }
    db.on(name, listener)
  })
}
