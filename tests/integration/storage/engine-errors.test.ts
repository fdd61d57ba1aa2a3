import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  detectUnfinishedAuctionsQuery,
} from '../../../src/index.ts'
import { fromDuckDb, isCheckpointBlocked } from '../../../src/storage/duckdb/duckdb-errors.ts'
import { Engine } from '../../../src/storage/duckdb/engine.ts'
import { childProgram } from '../../support/child-program.ts'
import { StoreChild } from '../../support/store-child.ts'
import {
  countTicks,
  fileOf,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

async function engine(): Promise<Engine> {
  const started = await Engine.start()
  onTestFinished(() => started.stop())
  return started
}

/** A closed file with one table, and what it is called. */
async function someFile(rows = 10): Promise<string> {
  const file = `${temporaryFolder()}/trading.duckdb`
  const store = await engine()
  const alias = await store.attach(file)
  const connection = await store.connect(alias)
  await connection.run(`CREATE TABLE t AS SELECT range AS i FROM range(${rows})`)
  await connection.run(`CHECKPOINT ${alias}`)
  connection.closeSync()
  await store.detach(alias)
  return file
}

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('the engine had nothing against it')
}

const read = (error: unknown): { code: string; message: string } => {
  const { code, message } = fromDuckDb(error, 'x/spot/A', 'CLOSED')
  return { code, message }
}

/** What makes the real engine say each thing that is read from its messages. */
const provoked: Readonly<Record<string, readonly [code: string, make: () => Promise<unknown>]>> = {
  'another process has the file': [
    'PAIR_LOCKED',
    async () => {
      const dataDir = temporaryFolder()
      const child = await StoreChild.start({ dataDir })
      await child.call('insertTicks', 'x/spot/A', someTicks(1))
      await child.hold('x/spot/A', 'SELECT 1')
      return (await engine()).attach(fileOf(dataDir, 'x/spot/A'))
    },
  ],
  'an interrupted statement': [
    'ABORTED',
    async () => {
      const instance = await DuckDBInstance.create()
      const connection = await instance.connect()
      const running = connection.run(
        'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b',
      )
      // One that comes before the engine has begun is lost.
      const again = setInterval(() => connection.interrupt(), 10)
      return running.finally(() => clearInterval(again))
    },
  ],
  'no memory left': [
    'QUERY_FAILED',
    async () => {
      const instance = await DuckDBInstance.create(':memory:', { memory_limit: '20MB' })
      const connection = await instance.connect()
      await connection.run(`SET temp_directory = ''`)
      return connection.run('SELECT list(range) FROM range(50000000)')
    },
  ],
  'a folder in the place of a file': [
    'IO_FAILED',
    async () => {
      const file = `${temporaryFolder()}/trading.duckdb`
      mkdirSync(file)
      return (await engine()).attach(file)
    },
  ],
  'no folder for the file': [
    'IO_FAILED',
    async () => (await engine()).attach(`${temporaryFolder()}/none/trading.duckdb`),
  ],
  text: [
    'PAIR_CORRUPT',
    async () => {
      const file = await someFile()
      writeFileSync(file, 'x'.repeat(20_000))
      return (await engine()).attach(file)
    },
  ],
  'a wrong checksum': [
    'PAIR_CORRUPT',
    async () => {
      const file = await someFile()
      const bytes = readFileSync(file)
      bytes[20]! ^= 0xff
      writeFileSync(file, bytes)
      return (await engine()).attach(file)
    },
  ],
  'a file that ends too early': [
    'PAIR_CORRUPT',
    async () => {
      const file = await someFile()
      truncateSync(file, 9000)
      return (await engine()).attach(file)
    },
  ],
  'a write-ahead log of another file': [
    'PAIR_CORRUPT',
    async () => {
      const store = await engine()
      const [one, other] = [await someFile(), await someFile()]
      const alias = await store.attach(one)
      const connection = await store.connect(alias)
      await connection.run('INSERT INTO t VALUES (1)')
      const log = readFileSync(`${one}.wal`)
      connection.closeSync()
      await store.detach(alias)
      writeFileSync(`${other}.wal`, log)
      return store.attach(other)
    },
  ],
}

describe('what the engine says is read as', () => {
  it.each(Object.entries(provoked))('%s', async (_what, [code, make]) => {
    const reading = read(await errorOf(make))
    expect(reading.code).toBe(code)
    expect(reading.message).toMatch(/^x\/spot\/A: \S/)
  })

  it('a checkpoint that others stand in the way of', async () => {
    const store = await engine()
    const alias = await store.attach(await someFile())
    const [one, other] = [await store.connect(alias), await store.connect(alias)]
    await one.run('BEGIN')
    await one.run('CREATE TABLE mine (x INTEGER)')
    await other.run('INSERT INTO t VALUES (2)')
    const error = await errorOf(() => other.run(`CHECKPOINT ${alias}`))
    expect(isCheckpointBlocked(error)).toBe(true)
    expect(isCheckpointBlocked(new Error('no memory'))).toBe(false)
    await one.run('ROLLBACK')
    one.closeSync()
    other.closeSync()
  })

  it('nothing, where nothing is known: then the caller says what it is', () => {
    expect(read(new Error('Catalog Error: no such table'))).toMatchObject({ code: 'CLOSED' })
    expect(read(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' }))).toEqual({
      code: 'DISK_FULL',
      message: 'x/spot/A: ENOSPC',
    })
    expect(read(Object.assign(new Error('EMFILE'), { code: 'EMFILE', syscall: 'open' })).code).toBe(
      'IO_FAILED',
    )
  })

  it.skipIf(process.getuid?.() === 0)('a folder that may not be written to', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o500)
    expect(
      read(await errorOf(async () => (await engine()).attach(`${folder}/t.duckdb`))).code,
    ).toBe('IO_FAILED')
  })
})

/** Runs tests/support/full-disk.ts where no file may grow beyond a size, as if the disk ended there. */
function onSmallDisk(
  dataDir: string,
  {
    kilobytes,
    firstCall,
    growth,
    last = '',
  }: { kilobytes: number; firstCall: number; growth: number; last?: string },
): Promise<Record<string, unknown>> {
  const limited = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$0" "$@"`
  return writeUntilFull('bash', ['-c', limited], dataDir, firstCall, growth, last)
}

/** The same on a disk in memory that is full at its real end. */
function onTinyDisk(dataDir: string, kilobytes: number): Promise<Record<string, unknown>> {
  const mounted = `mount -t tmpfs -o size=${kilobytes}k none "$2" && exec "$0" "$@"`
  return writeUntilFull('unshare', ['-Urm', 'sh', '-c', mounted], dataDir, 1000, 2)
}

async function writeUntilFull(
  command: string,
  args: readonly string[],
  ...[dataDir, firstCall, growth, last = '']: readonly [string, number, number, string?]
): Promise<Record<string, unknown>> {
  const main = await childProgram(new URL('../../support/full-disk.ts', import.meta.url))
  const run = [process.execPath, main, dataDir, `${firstCall}`, `${growth}`, last]
  const child = spawn(command, [...args, ...run], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  await once(child, 'close')
  return JSON.parse(output) as Record<string, unknown>
}

/** Where users may make namespaces; elsewhere the limit on file sizes has to do. */
const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

/** Runs tests/support/full-part.ts with one folder of the data directory on a small disk of its own. */
async function onSmallPart(
  folder: string,
  kilobytes: number,
  rests = '',
): Promise<Record<string, unknown>> {
  const dataDir = temporaryFolder()
  const part = join(dataDir, folder)
  mkdirSync(part, { recursive: true })
  const main = await childProgram(new URL('../../support/full-part.ts', import.meta.url))
  const mounted = `mount -t tmpfs -o size=${kilobytes}k none "$3" && exec "$0" "$@"`
  const run = [process.execPath, main, dataDir, part, rests]
  const child = spawn('unshare', ['-Urm', 'sh', '-c', mounted, ...run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  await once(child, 'close')
  return JSON.parse(output) as Record<string, unknown>
}

/** Of the candles of one bar the last that was acknowledged is stored. */
function expectLastCandle(end: Record<string, unknown>): void {
  const { candle, volume } = end['rows'] as { candle: number; volume: number }
  expect(candle).toBeGreaterThan(1)
  expect(volume).toBe(candle)
}

describe.skipIf(!canMount)('a disk that is full under a part of the data directory', () => {
  it('the log: the call is refused, what was acknowledged is there, and with room it goes on', async () => {
    const end = await onSmallPart('.pairduck/log', 300)
    const acknowledged = Number(end['acknowledged'])
    expect(acknowledged).toBeGreaterThan(0)
    expect(end).toMatchObject({ code: 'DISK_FULL', withRoom: 1, closed: 'well' })
    expect(end).toMatchObject({ whileFull: acknowledged, stored: acknowledged + 1 })
    expectLastCandle(end)
  })

  it('the files: reads say so instead of leaving out what waits, and with room all is there', async () => {
    const end = await onSmallPart('x', 1_500)
    const acknowledged = Number(end['acknowledged'])
    expect(acknowledged).toBeGreaterThan(1_000)
    expect(end).toMatchObject({ code: 'DISK_FULL', whileFull: 'DISK_FULL' })
    expect(end).toMatchObject({ withRoom: 1, stored: acknowledged + 1, closed: 'well' })
    expectLastCandle(end)
  })

  it('the file of a pair that rests: what the log took is there when there is room', async () => {
    const end = await onSmallPart('x', 1_500, 'rests')
    const acknowledged = Number(end['acknowledged'])
    expect(acknowledged).toBeGreaterThanOrEqual(10_000)
    expect(end).toMatchObject({ resting: 1, code: 'DISK_FULL', whileFull: 'DISK_FULL' })
    expect(end).toMatchObject({ withRoom: 1, stored: acknowledged + 1, closed: 'well' })
  })
})

it.skipIf(!canMount)('a disk without space left fails the call and not the manager', async () => {
  const end = await onTinyDisk(temporaryFolder(), 900)
  expect(end).toMatchObject({ code: 'DISK_FULL', afterwards: 1 })
  expect(end['acknowledged']).toBeGreaterThan(0)
})

describe.skipIf(process.platform === 'win32')('a full disk', () => {
  it('in a commit fails the call, keeps what was acknowledged, and the pair goes on', async () => {
    const dataDir = temporaryFolder()
    const end = await onSmallDisk(dataDir, { kilobytes: 600, firstCall: 1000, growth: 2 })
    expect(end).toMatchObject({ code: 'DISK_FULL', afterwards: 1, other: 1 })
    expect(end['acknowledged']).toBeGreaterThan(0)
    // It ended without closing: what is there now was durable.
    const db = await openManager({ dataDir })
    expect(await countTicks(db, 'x/spot/A')).toBe(Number(end['acknowledged']) + 1)
    expect(await countTicks(db, 'x/spot/B')).toBe(1)
    expect(await db.verify('x/spot/A')).toMatchObject({ ok: true })
  })

  it('in a checkpoint, which ends the file for the engine, loses nothing either', async () => {
    const dataDir = temporaryFolder()
    // A log of 1 MB still fits, the file that takes it in does not the second or third time.
    const end = await onSmallDisk(dataDir, { kilobytes: 1600, firstCall: 2000, growth: 1 })
    expect(end).toMatchObject({ code: 'DISK_FULL', other: 1 })
    expect(end['acknowledged']).toBeGreaterThan(10_000)
    const db = await openManager({ dataDir })
    const more = end['afterwards'] === 1 ? 1 : 0
    expect(await countTicks(db, 'x/spot/A')).toBe(Number(end['acknowledged']) + more)
    expect(await db.verify('x/spot/A')).toMatchObject({ ok: true })
    expect(await db.insertTicks('x/spot/A', someTicks(1))).toMatchObject({ inserted: 1 })
  })

  it('in a cleanup is named, with the pair', async () => {
    // Large calls go past the log, so that the first checkpoint to fail is the cleanup's.
    const small = { kilobytes: 2200, firstCall: 20_000, growth: 1, last: 'cleanup' }
    const { afterwards, cleanup } = await onSmallDisk(temporaryFolder(), small)
    expect(afterwards).toBe(1)
    expect(cleanup).toMatch(/^DISK_FULL: x\/spot\/A: /)
  })
})

it('bins that are too narrow for the prices are named', async () => {
  const pair = 'x/spot/A'
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1, { price: 1e7 }))
  // 1e7 ÷ 1e-12 = 1e19 bins, of which whole numbers of 64 bits count 9.2e18.
  for (const query of [
    calculateMarketProfileQuery({ binSize: 1e-12 }),
    calculateFootprintQuery({ timeframe: '1m', binSize: 1e-12 }),
    detectUnfinishedAuctionsQuery({ timeframe: '1s', binSize: 1e-12 }),
  ])
    expect(await errorOf(() => db.query<object>(pair, query))).toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/: `binSize` is too small for these prices/),
    })
  // A number of one's own that does not fit stays what it is.
  expect(
    await errorOf(() => db.query(pair, sql('SELECT (1e19 * price)::BIGINT FROM ticks'))),
  ).toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('Conversion Error') })
})
