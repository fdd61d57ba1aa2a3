import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { DatabaseManager, schemaVersion } from '../../../src/index.ts'
import { DataDirectory } from '../../../src/storage/file/data-directory.ts'
import { childProgram } from '../../support/child-program.ts'
import { StoreChild } from '../../support/store-child.ts'
import {
  copiesOf,
  countTicks,
  fileOf,
  nextEvent,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const other = 'x/spot/B'

/** A data directory whose pair is there, and where its file is. */
interface Stored {
  readonly dataDir: string
  readonly file: string
}

const closed = copiesOf(async (dataDir, count: number) => {
  const db = await openManager({ dataDir })
  await db.insertTicks(pair, someTicks(count))
  await db.close()
})

/** The pair holds `count` ticks and is closed. */
async function stored(count: number): Promise<Stored> {
  const dataDir = await closed(count)
  return { dataDir, file: fileOf(dataDir, pair) }
}

const killedAt = Date.now() - 60_000
const ended = copiesOf(async (dataDir, count: number, pairs: readonly string[]) => {
  const child = await StoreChild.start({ dataDir })
  for (const each of pairs)
    for (let first = 1; first <= count; first += 10) {
      await child.call('insertTicks', each, someTicks(10, { first, from: killedAt }))
      // Whoever looks into the file has in it what was acknowledged: in a commit of its own.
      await child.call('verify', each)
    }
  await child.kill()
})

/** The same, ended by kill -9 so that everything is still in the write-ahead log. */
async function killed(count: number, pairs: readonly string[] = [pair]): Promise<Stored> {
  const dataDir = await ended(count, pairs)
  return { dataDir, file: fileOf(dataDir, pair) }
}

function hashes(file: string): string[] {
  return readdirSync(dirname(file))
    .sort()
    .map((name) => {
      const bytes = readFileSync(`${dirname(file)}/${name}`)
      return `${name} ${createHash('sha256').update(bytes).digest('hex')}`
    })
}

/** Runs statements on a file by a DuckDB of its own. */
async function onFile(file: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`ATTACH '${file}' AS f (STORAGE_VERSION 'v1.5.0', BLOCK_SIZE 16384)`)
  await connection.run('USE f')
  for (const statement of statements) await connection.run(statement)
  await connection.run('USE memory')
  await connection.run('DETACH f')
  connection.closeSync()
  instance.closeSync()
}

/** The pair is refused with a code, its files keep every byte, and another pair goes on. */
async function refused(dataDir: string, file: string, code: string): Promise<boolean> {
  const before = hashes(file)
  const db = await openManager({ dataDir })
  for (const call of [
    () => db.insertTicks(pair, someTicks(1)),
    () => db.query(pair, sql('SELECT 1')),
    () => db.cleanupPair(pair),
  ])
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringContaining(pair) })
  // An hour on there is something to delete: a pass has to open the pair.
  const pass = await db.cleanupAllPairs({ now: Date.now() + 3_600_000 })
  expect(pass.results.find((result) => result.pair === pair)?.skipped).toContain(code)
  await expect(db.insertTicks(other, someTicks(1))).resolves.toMatchObject({ inserted: 1 })
  expect(db.stats().activePairs).toEqual([])
  await db.close()
  expect(hashes(file)).toEqual(before)
  return true
}

describe('a file that is no pair', () => {
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['text', (file) => writeFileSync(file, 'hello\n'.repeat(5000))],
    ['zeros', (file) => writeFileSync(file, Buffer.alloc(50_000))],
    ['a file of SQLite', (file) => writeFileSync(file, `SQLite format 3\0${'x'.repeat(9000)}`)],
    ['cut inside its headers', (file) => truncateSync(file, 5000)],
    ['cut behind its headers', (file) => truncateSync(file, 12_300)],
    ['a byte of its first header changed', (file) => flip(file, 20)],
    ['bytes of both block headers changed', (file) => [4100, 8200].forEach((at) => flip(file, at))],
  ]

  it.each(damages)('%s is PAIR_CORRUPT and stays as it is', async (_what, damage) => {
    const { dataDir, file } = await stored(50)
    damage(file)
    expect(await refused(dataDir, file, 'PAIR_CORRUPT')).toBe(true)
  })

  it("somebody else's DuckDB file is not written to", async () => {
    const { dataDir, file } = await stored(1)
    rmSync(file)
    await onFile(file, 'CREATE TABLE mine (x INTEGER)')
    expect(await refused(dataDir, file, 'PAIR_CORRUPT')).toBe(true)
  })

  it('a write-ahead log without its file is refused', async () => {
    const { dataDir, file } = await killed(10)
    rmSync(file)
    expect(await refused(dataDir, file, 'PAIR_CORRUPT')).toBe(true)
  })

  it('a write-ahead log of another file is refused', async () => {
    const { dataDir, file } = await killed(10)
    const elsewhere = await killed(20)
    copyFileSync(`${elsewhere.file}.wal`, `${file}.wal`)
    expect(await refused(dataDir, file, 'PAIR_CORRUPT')).toBe(true)
  })

  it('so is that of a pair that the same process made, from the same empty file', async () => {
    const { dataDir, file } = await killed(10, ['x/spot/FIRST', pair])
    copyFileSync(`${fileOf(dataDir, 'x/spot/FIRST')}.wal`, `${file}.wal`)
    expect(await refused(dataDir, file, 'PAIR_CORRUPT')).toBe(true)
  })

  it.each([false, true])('a newer schema is SCHEMA_NEWER (with a WAL: %s)', async (withWal) => {
    const { dataDir, file } = withWal ? await killed(10) : await stored(10)
    const newer = `UPDATE pairduck_schema SET version = ${schemaVersion + 1}`
    // Left in the WAL, as a newer pairduck that was killed would leave it.
    if (withWal) {
      const instance = await DuckDBInstance.create(':memory:')
      const connection = await instance.connect()
      await connection.run('PRAGMA disable_checkpoint_on_shutdown')
      await connection.run(`ATTACH '${file}' AS f (STORAGE_VERSION 'v1.5.0')`)
      await connection.run('USE f')
      await connection.run(newer)
      connection.closeSync()
      instance.closeSync()
    } else await onFile(file, newer)
    expect(existsSync(`${file}.wal`)).toBe(withWal)
    expect(await refused(dataDir, file, 'SCHEMA_NEWER')).toBe(true)
  })

  it('a folder in its place is IO_FAILED, not damage', async () => {
    const { dataDir, file } = await stored(1)
    rmSync(file)
    mkdirSync(file)
    const db = await openManager({ dataDir })
    await expect(db.insertTicks(pair, someTicks(1))).rejects.toMatchObject({ code: 'IO_FAILED' })
    await expect(db.repair(pair)).rejects.toMatchObject({ code: 'IO_FAILED' })
    rmSync(dirname(file), { recursive: true })
    writeFileSync(dirname(file), 'a file where the folder should be')
    await expect(db.insertTicks(pair, someTicks(1))).rejects.toMatchObject({ code: 'IO_FAILED' })
  })
})

describe('a file that a crash left', () => {
  it('of 0 bytes is new', async () => {
    const { dataDir, file } = await stored(1)
    rmSync(`${dirname(file)}/trading.state.json`)
    truncateSync(file, 0)
    const db = await openManager({ dataDir })
    await expect(db.insertTicks(pair, someTicks(3))).resolves.toMatchObject({ inserted: 3 })
  })

  it('with everything in its log is whole, and the log goes into the file at once', async () => {
    const { dataDir, file } = await killed(30)
    expect(statSync(`${file}.wal`).size).toBeGreaterThan(0)
    const db = await openManager({ dataDir })
    expect(await countTicks(db, pair)).toBe(30)
    expect(existsSync(`${file}.wal`) ? statSync(`${file}.wal`).size : 0).toBe(0)
    const again = someTicks(30, { from: killedAt })
    expect(await db.insertTicks(pair, again)).toMatchObject({ inserted: 0 })
  })

  it('and whose log was emptied since tells of the rows that are lost', async () => {
    const dataDir = temporaryFolder()
    const file = fileOf(dataDir, pair)
    const child = await StoreChild.start({ dataDir, retention: { ticks: 'forever' } })
    await child.call('insertTicks', pair, someTicks(5))
    // An open write transaction keeps the checkpoint away; the state is written all the same.
    await child.hold(pair, 'BEGIN', 'CREATE TABLE mine (x INTEGER)')
    await child.call('insertTicks', pair, someTicks(100, { first: 10 }))
    const { skipped } = await child.call<{ skipped: string }>('cleanupPair', pair)
    expect(skipped).toMatch(/checkpoint deferred: .*a lease acquired/)
    await child.kill()
    truncateSync(`${file}.wal`, 0)
    const db = await openManager({ dataDir })
    const told = nextEvent(db, 'rowsLost')
    const { ok, problems } = await db.verify(pair)
    expect(ok).toBe(false)
    expect(problems).toEqual([expect.stringMatching(/^ticks: 105 rows .*, 0 when opened/)])
    expect(await told).toEqual({ pair, relation: 'ticks', expectedRows: 105, foundRows: 0 })
  })
})

describe('a damaged file', () => {
  it('is repaired only on demand: all aside, what can be read kept', async () => {
    const dataDir = temporaryFolder()
    const file = fileOf(dataDir, pair)
    const writing = await openManager({ dataDir, candles: ['1s', '1m'] })
    // Volumes that do not compress: their column takes many blocks.
    await writing.insertTicks(
      pair,
      someTicks(60_000).map((tick, index) => ({ ...tick, volume: Math.sqrt(index + 2) })),
    )
    await writing.insertTicks(other, someTicks(7))
    await writing.close()
    // A block that only a reader of that column meets: it opens, counts and takes new ticks.
    flip(file, await blockOf(file, 'volume'))
    const [damagedFile] = hashes(file)
    const db = await openManager({ dataDir })
    const before = await db.verify(pair)
    expect(before).toMatchObject({ ok: false, problems: [expect.stringMatching(/cannot be read/)] })
    await db.pool.release(pair)
    const damaged = hashes(file)
    expect(damaged[0]).toBe(damagedFile)

    const moved = nextEvent(db, 'pairQuarantined')
    const report = await db.repair(pair)
    expect(report).toMatchObject({ pair, action: 'rescued', problems: before.problems })
    const rescued = report.rows['ticks']!
    expect(report.lost).toEqual({ ticks: 60_000 - rescued })
    // One unreadable stretch of 2,048 rows is all that is lost.
    expect(rescued).toBe(60_000 - 2048)
    // Bars that were rolled up count them still.
    expect(report.notes).toContainEqual(expect.stringMatching(/into a new data folder/))
    expect(await moved).toEqual({ pair, folder: report.quarantine })
    expect(hashes(`${report.quarantine}/trading.duckdb`)).toEqual(damaged)

    expect(await db.verify(pair)).toMatchObject({ ok: true, problems: [] })
    expect(await db.repair(pair)).toMatchObject({ action: 'none' })
    expect(await db.verify(other)).toMatchObject({ ok: true, rows: { ticks: 7 } })
    await expect(
      db.insertTicks(pair, someTicks(1, { first: 70_000, from: Date.now() })),
    ).resolves.toMatchObject({ inserted: 1 })
    expect(await db.query(pair, sql('SELECT sum(trade_count) AS n FROM candles_1s'))).toEqual([
      // They had left the ticks before, and lost nothing.
      { n: 60_001 },
    ])
    expect(readdirSync(`${dataDir}/.pairduck`).sort()).toEqual([
      'log',
      `manager-${process.pid}.lock`,
      'quarantine',
      'sockets',
    ])
  })

  it('that nothing can be read of is set aside, and the pair begins anew', async () => {
    const { dataDir, file } = await stored(10)
    writeFileSync(file, 'gone')
    const db = await openManager({ dataDir })
    for (let round = 0; round < 2; round++) {
      const report = await db.repair(pair)
      expect(report).toMatchObject({ pair, action: 'set aside', rows: {} })
      expect(readFileSync(`${report.quarantine}/trading.duckdb`, 'utf8')).toBe('gone')
      await expect(db.insertTicks(pair, someTicks(1))).resolves.toMatchObject({ inserted: 1 })
      await db.pool.release(pair)
      writeFileSync(file, 'gone')
    }
    expect(readdirSync(`${dataDir}/.pairduck/quarantine`)).toHaveLength(2)
  })

  it('whose log is damaged before its end is refused, and repair keeps the commits around it', async () => {
    const { dataDir, file } = await killed(50)
    const size = statSync(`${file}.wal`).size
    flip(`${file}.wal`, size - 1_000)
    const db = await openManager({ dataDir })
    await expect(db.query(pair, sql('SELECT 1'))).rejects.toMatchObject({
      code: 'PAIR_CORRUPT',
      message: expect.stringMatching(new RegExp(`damaged at byte \\d+ of ${size}`)),
    })
    const report = await db.repair(pair)
    expect(report.action).toBe('rescued')
    expect(report.problems).toContainEqual(
      expect.stringMatching(new RegExp(`log can be read up to byte \\d+ of ${size}`)),
    )
    expect(report.lost).toMatchObject({ ticks: 'unknown' })
    expect(report.notes).toContainEqual(
      expect.stringMatching(new RegExp(`log can be read up to byte \\d+ of ${size}: .* is lost`)),
    )
    expect(report.rows['ticks']! % 10).toBe(0)
    expect(report.rows['ticks']).toBeGreaterThanOrEqual(40)
    expect(report.rows['ticks']).toBeLessThan(50)
  })

  it('of an older version keeps its rows, in tables of this one', async () => {
    const dataDir = temporaryFolder()
    const file = fileOf(dataDir, pair)
    mkdirSync(dirname(file), { recursive: true })
    const golden = new URL('../../golden/schema/version-1.sql', import.meta.url)
    await onFile(
      file,
      readFileSync(golden, 'utf8'),
      `INSERT INTO ticks VALUES ('2026-01-05 12:00:00', 100, 1, 'BUY', '1'), ('2026-01-05 12:00:01', 101, 1, 'BUY', '2')`,
    )
    // With this log the file does not open, so nothing migrates it before the repair.
    copyFileSync(`${(await killed(10)).file}.wal`, `${file}.wal`)
    const db = await openManager({ dataDir, clock: () => noon })
    // What the log of another file may have replaced nobody knows.
    const report = await db.repair(pair)
    expect(report).toMatchObject({ action: 'rescued', lost: { ticks: 'unknown' } })
    expect(report.notes).toContainEqual(expect.stringMatching(/does not go with the file/))
    expect(await db.verify(pair)).toMatchObject({ ok: true, rows: { ticks: 2, gaps: 0 } })
    expect(await db.query(pair, sql('SELECT version FROM pairduck_schema'))).toEqual([
      { version: schemaVersion },
    ])
  })

  // Ticks of nine minutes of which five are kept: the mark stands half a minute into a bar.
  const noon = Date.UTC(2026, 0, 5, 12)
  const minute = 60_000
  const trades = someTicks(540, { from: noon, stepMs: 1000 })
  const retention = { ticks: 5 * minute, candles_1m: 'forever' as const }
  const cut = noon + 3.5 * minute
  const candles = sql<{ timestamp: number; n: number; open: number }>(
    'SELECT timestamp, trade_count AS n, open FROM candles_1m ORDER BY 1',
  )

  it.each<[string, string, object, boolean]>([
    [
      'candle state',
      'DROP TABLE pairduck_candle_state',
      { pairduck_candle_state: 'unknown' },
      true,
    ],
    ['candle state row', 'DELETE FROM pairduck_candle_state', { pairduck_candle_state: 1 }, true],
    [
      'candle parts',
      'DROP TABLE pairduck_candle_parts',
      { pairduck_candle_parts: 'unknown' },
      false,
    ],
    [
      'parts of some bars, unnoticed by the engine',
      `DELETE FROM pairduck_candle_parts WHERE epoch_ms(timestamp) = ${noon + 5 * minute}`,
      {},
      true,
    ],
    ['ticks mark', 'DROP TABLE pairduck_marks', { pairduck_marks: 'unknown' }, true],
  ])(
    'never shows a wrong candle nor counts a trade twice: without %s',
    async (what, damage, lost, passed) => {
      const dataDir = temporaryFolder()
      const options = {
        dataDir,
        retention,
        candles: ['1m'] as const,
        clock: () => noon + 9 * minute,
      }
      const writing = await openManager(options)
      await writing.insertTicks(pair, trades)
      await writing.cleanupPair(pair, { now: cut + 5 * minute })
      const whole = await writing.query(pair, candles)
      expect(whole.map(({ n }) => n)).toEqual(Array.from({ length: 9 }, () => 60))
      await writing.close()
      await onFile(fileOf(dataDir, pair), damage)
      const db = await openManager(options)
      expect(await db.verify(pair)).toMatchObject({ ok: false })
      const report = await db.repair(pair)
      expect(report).toMatchObject({ action: 'rescued', lost })
      expect(await db.verify(pair)).toMatchObject({ ok: true, problems: [] })
      // What was before the mark is known of its parts alone, and of the bar across it only a half.
      const right = whole.filter(({ timestamp }) =>
        what === 'ticks mark' ? true : timestamp > cut || (passed && timestamp + minute <= cut),
      )
      expect(await db.query(pair, candles)).toEqual(right)
      const leftOut = report.notes!.some((note) => /^candles_1m: 1 bars .* left out/.test(note))
      expect(leftOut).toBe(what !== 'ticks mark')
      expect(await db.insertTicks(pair, trades)).toMatchObject({ duplicates: 330, expired: 210 })
      // A late trade brings no half bar to light either.
      const late = { ...trades[0]!, timestamp: cut + 5500, tradeId: 'late' }
      await db.insertTicks(pair, [late])
      await db.cleanupPair(pair, { now: cut + 5 * minute })
      const after = (await db.query(pair, candles)).filter(
        ({ timestamp }) => timestamp !== noon + 3 * minute,
      )
      expect(after).toEqual(right.filter(({ timestamp }) => timestamp !== noon + 3 * minute))
      expect(await db.query(pair, candles)).toHaveLength(right.length)
    },
  )

  it('refuses what is older than its ticks when nothing tells what retention had deleted', async () => {
    const { dataDir, file } = await stored(10)
    const db = await openManager({ dataDir })
    await onFile(file, 'DROP TABLE pairduck_marks')
    rmSync(`${dirname(file)}/trading.state.json`)
    await db.repair(pair)
    const old = someTicks(1, { from: Date.now() - 3_600_000, first: 99 })
    expect(await db.insertTicks(pair, old)).toMatchObject({ expired: 1 })
    expect(await countTicks(db, pair)).toBe(10)
  })

  it('is not repaired under those who hold it', async () => {
    const { dataDir, file } = await stored(60_000)
    flip(file, await blockOf(file, 'volume'))
    const db = await openManager({ dataDir })
    const lease = await db.acquire(pair)
    await expect(db.repair(pair)).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
    await lease.release()
    await expect(db.repair(pair)).resolves.toMatchObject({ action: 'rescued' })
  })
})

describe('a data directory', () => {
  it('is held by one manager of a process, whatever it is called', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    const link = `${temporaryFolder()}/link`
    symlinkSync(dataDir, link)
    for (const name of [dataDir, `${dataDir}/`, `${dataDir}/../${dataDir.split('/').at(-1)}`, link])
      await expect(DatabaseManager.open({ dataDir: name })).rejects.toMatchObject({
        code: 'DIRECTORY_IN_USE',
      })
    await db.close()
    await expect(openManager({ dataDir: link })).resolves.toMatchObject({ dataDir })
  })

  it('is given up although the file that says so stays', async () => {
    const folder = temporaryFolder()
    const held = await DataDirectory.hold(folder)
    const within = `${folder}/.pairduck`
    chmodSync(within, 0o555)
    // The superuser removes it all the same.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid!(65_534)
    held.release()
    if (isRoot) process.seteuid!(0)
    chmodSync(within, 0o755)
    expect(readdirSync(within)).toEqual([`manager-${process.pid}.lock`])
    const db = await openManager({ dataDir: folder })
    await expect(DatabaseManager.open({ dataDir: folder })).rejects.toMatchObject({
      code: 'DIRECTORY_IN_USE',
    })
    await db.close()
    expect(readdirSync(within)).not.toContain(`manager-${process.pid}.lock`)
  })

  it('that cannot be made or written to is IO_FAILED, naming it', async () => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/file`, '')
    mkdirSync(`${folder}/taken`)
    writeFileSync(`${folder}/taken/.pairduck`, '')
    for (const name of ['file', 'file/below', 'taken'])
      await expect(DatabaseManager.open({ dataDir: `${folder}/${name}` })).rejects.toMatchObject({
        name: 'PairduckError',
        code: 'IO_FAILED',
        message: expect.stringContaining(`data directory ${folder}/${name}: E`),
        cause: { syscall: 'mkdir' },
      })
  })

  it('is not given to a worker thread of the same process either', async () => {
    const dataDir = temporaryFolder()
    await openManager({ dataDir })
    const main = await childProgram(new URL('../../support/store-worker.ts', import.meta.url))
    const worker = new Worker(main, { workerData: { dataDir } })
    const [error] = (await once(worker, 'error')) as [Error]
    expect(error.message).toContain('already held by another DatabaseManager of this process')
    await worker.terminate()
  })

  it('is taken over from a process that is gone, its number being ours or not', async () => {
    const dataDir = temporaryFolder()
    mkdirSync(`${dataDir}/.pairduck`)
    const stale = JSON.stringify({ pid: process.pid, started: 'another-boot/1' })
    writeFileSync(`${dataDir}/.pairduck/manager-${process.pid}.lock`, stale)
    const child = await StoreChild.start({ dataDir })
    await child.kill()
    expect(readdirSync(`${dataDir}/.pairduck`)).toContain(`manager-${child.pid}.lock`)
    await openManager({ dataDir })
    expect(readdirSync(`${dataDir}/.pairduck`).sort()).toEqual([
      `manager-${process.pid}.lock`,
      'sockets',
    ])
  })

  it('serves several processes: each pair is locked on its own', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir })
    await child.call('insertTicks', pair, someTicks(1))
    await child.hold(pair, 'SELECT 1')
    const db = await openManager({ dataDir, acquireTimeoutMs: 200 })
    const errors: unknown[] = []
    db.on('error', (event) => errors.push(event))
    await expect(db.insertTicks(pair, someTicks(1))).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
      message: expect.stringContaining(`${pair}: open in process ${child.pid}`),
      details: { pid: child.pid },
    })
    await db.insertTicks(other, someTicks(1))
    expect(await db.cleanupAllPairs()).toMatchObject({ pairs: 2, skipped: 1 })
    expect(errors).toEqual([])
    await child.kill()
    expect(await countTicks(db, pair)).toBe(1)
  })
})

/** Where in a file a block in the middle of a column of `ticks` begins. */
async function blockOf(file: string, column: string): Promise<number> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  const result = await connection.run(
    `SELECT block_id FROM pragma_storage_info('ticks')
     WHERE column_name = '${column}' AND segment_type <> 'VALIDITY' AND block_id >= 0
     ORDER BY start`,
  )
  const blocks = await result.getRowsJson()
  connection.closeSync()
  instance.closeSync()
  const [block] = blocks[Math.floor(blocks.length / 2)]!
  return 3 * 4096 + Number(block) * 16_384 + 200
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  for (let index = at; index < at + 4; index++) bytes[index]! ^= 0xff
  writeFileSync(file, bytes)
}
