import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import type { BlockSize, DatabaseManager, ManagerOptions } from '../../../src/index.ts'
import { connect } from '../../../src/client/index.ts'
import { blockSizeOf } from '../../../src/storage/recovery/database-header.ts'
import { cliRun } from '../../support/cli-run.ts'
import { StoreChild } from '../../support/store-child.ts'
import {
  countTicks,
  fileOf,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const day = 86_400_000
const whole = sql<{ rows: number; hash: string }>(
  'SELECT count(*) AS rows, bit_xor(hash(whole))::VARCHAR AS hash FROM ticks AS whole',
)

/** The blocks of a pair's file, closed first: whoever looks at an open one ends its lock. */
async function blocksOf(db: DatabaseManager, of = pair): Promise<BlockSize | undefined> {
  await db.pool.release(of)
  return blockSizeOf(fileOf(db.dataDir, of))
}

/** Ticks as a file of trades has them: times and ids apart, prices and volumes noisy. */
async function tradesFile(count: number): Promise<string> {
  const file = join(temporaryFolder(), 'trades.parquet')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run('SELECT setseed(0.5)')
  await connection.run(`COPY (
    SELECT make_timestamp((1767225600000000 + sum(-ln(1 - random()) * 2e5)
        OVER (ORDER BY number ROWS UNBOUNDED PRECEDING))::BIGINT) AS timestamp,
      round(60_000 + 500 * sin(number / 50_000) + (random() - 0.5) * 20, 1) AS price,
      round(random() ** 4 + 0.0001, 5) AS volume,
      if(random() < 0.5, 'BUY', 'SELL') AS side, (3_700_000_000 + number)::VARCHAR AS trade_id
    FROM range(${count}) AS numbers(number)) TO '${file}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
  return file
}

describe('the blocks of a new pair', () => {
  it.each<[ManagerOptions['retention'], BlockSize]>([
    [undefined, 16_384],
    [{ ticks: day - 1 }, 16_384],
    [{ candles_1m: 'forever' }, 16_384],
    [{ ticks: day }, 65_536],
    [{ ticks: { keepMs: 'forever' } }, 65_536],
    ['forever', 65_536],
  ])('with retention %j are of %d bytes', async (retention, blockSize) => {
    const db = await openManager(retention === undefined ? {} : { retention })
    await db.insertTicks(pair, someTicks(3))
    expect(await blocksOf(db)).toBe(blockSize)
  })

  it.each<[string, ManagerOptions['retention'], BlockSize]>([
    ['is kept for ever when it is older than what is kept', undefined, 65_536],
    ['is kept as the manager says', { ticks: 60_000 }, 16_384],
  ])('that an import fills, which %s', async (_why, retention, blockSize) => {
    const db = await openManager(retention === undefined ? {} : { retention })
    await db.importTicks(pair, await tradesFile(10))
    expect(await blocksOf(db)).toBe(blockSize)
    await db.importTicks('x/spot/B', await tradesFile(10), { retention: { ticks: 2 * day } })
    expect(await blocksOf(db, 'x/spot/B')).toBe(65_536)
  })
})

describe('repack', () => {
  it('keeps every row and takes two thirds of the space for a long-kept pair', async () => {
    const db = await openManager()
    await db.importTicks(pair, await tradesFile(300_000))
    await db.repack(pair, { blockSize: 16_384 })
    const before = await db.query(pair, whole)
    const report = await db.repack(pair)
    const { size } = await stat(fileOf(db.dataDir, pair))
    expect(report).toEqual({
      pair,
      bytesBefore: expect.any(Number),
      bytesAfter: size,
      blockSizeBefore: 16_384,
      blockSizeAfter: 65_536,
    })
    expect(report.bytesBefore / report.bytesAfter).toBeGreaterThan(1.3)
    expect(await db.query(pair, whole)).toEqual(before)
    expect(await db.verify(pair)).toMatchObject({ ok: true })
    expect(await db.insertTicks(pair, someTicks(5, { first: 1 }))).toMatchObject({ inserted: 5 })
    const copy = join(temporaryFolder(), 'copy.duckdb')
    await db.snapshot(pair, copy)
    expect(await blockSizeOf(copy)).toBe(65_536)
  })

  it('follows a rule that was stored since', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    await db.setRetention(pair, 'forever')
    expect(await db.repack(pair)).toMatchObject({ blockSizeBefore: 16_384, blockSizeAfter: 65_536 })
    await db.setRetention(pair, { ticks: 60_000 })
    expect(await db.repack(pair)).toMatchObject({ blockSizeBefore: 65_536, blockSizeAfter: 16_384 })
    expect(await db.repack(pair, { blockSize: 262_144 })).toMatchObject({ blockSizeAfter: 262_144 })
    expect(await countTicks(db, pair)).toBe(3)
  })

  it('waits for who uses the pair, lets those wait who come meanwhile, and gives up in time', async () => {
    const db = await openManager({ acquireTimeoutMs: 50 })
    await db.insertTicks(pair, someTicks(3))
    const lease = await db.acquire(pair)
    await expect(db.repack(pair)).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
    await lease.release()
    const calls = Array.from({ length: 50 }, (_, call) =>
      db.insertTicks(pair, someTicks(1, { first: 10 + call })),
    )
    await db.repack(pair, { blockSize: 65_536 })
    await Promise.all(calls)
    expect(await countTicks(db, pair)).toBe(53)
    expect(await blocksOf(db)).toBe(65_536)
  })

  it('is not undone by a repair', async () => {
    const db = await openManager({ retention: 'forever' })
    await db.insertTicks(pair, someTicks(20_000))
    await db.pool.release(pair)
    const file = fileOf(db.dataDir, pair)
    const bytes = await readFile(file)
    // A block of ticks: those that a new file has do not reach so far.
    bytes.fill(7, bytes.length - 65_536 + 100, bytes.length - 65_536 + 200)
    await writeFile(file, bytes)
    expect(await db.repair(pair)).toMatchObject({ action: 'rescued' })
    expect(await blocksOf(db)).toBe(65_536)
  })

  it('refuses other sizes, and pairs that are not there', async () => {
    const db = await openManager()
    await expect(db.repack(pair, { blockSize: 4096 as BlockSize })).rejects.toThrow(/`blockSize`/)
    await expect(db.repack(pair)).rejects.toMatchObject({ code: 'PAIR_NOT_FOUND' })
  })

  it('is done by the process that holds the pair, for who connects and for the command', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir })
    await child.call('insertTicks', pair, someTicks(30))
    await using store = await connect({ dataDir })
    expect(await store.repack(pair, { blockSize: 65_536 })).toMatchObject({
      blockSizeBefore: 16_384,
      blockSizeAfter: 65_536,
    })
    await child.call('insertTicks', pair, someTicks(1, { first: 31 }))
    const stats = await cliRun(['stats', pair, '--data-dir', dataDir])
    expect(stats.stdout).toContain('in blocks of 64 KiB')
    const { exitCode, stdout } = await cliRun(['repack', pair, '--data-dir', dataDir])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^x\/spot\/A: .* in blocks of 64 KiB → .* in blocks of 16 KiB\n$/,
      ),
    })
    await child.close()
    const after = await cliRun(['stats', pair, '--data-dir', dataDir, '--json'])
    expect(JSON.parse(after.stdout)).toMatchObject([
      {
        pair,
        blockSize: 16_384,
        relations: expect.arrayContaining([
          expect.objectContaining({ relation: 'ticks', rows: 31 }),
        ]),
      },
    ])
  })
})
