import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { DatabaseManager } from '../../../src/index.ts'
import { breakDescriptor, descriptorOf } from '../../support/descriptors.ts'
import { logSegments, logsIn } from '../../support/log-crashes.ts'
import { expectLogCrashSafe } from '../../support/log-kill-loop.ts'
import { logPair, logTick } from '../../support/log-writer.ts'
import { countTicks, fileOf, openManager, temporaryFolder } from '../../support/store.ts'
import { rotatingSeed } from '../../support/rotating-seed.ts'
import { StoreChild } from '../../support/store-child.ts'

function ticks(from: number, to: number, index = 0): ReturnType<typeof logTick>[] {
  return Array.from({ length: to - from }, (_, k) => logTick(index, from + k))
}

describe('after kill -9', () => {
  it('every acknowledged tick is there once, with an id or without, and candles are right', async () => {
    await expectLogCrashSafe(2, rotatingSeed())
  }, 120_000)

  it('a log that was never finished is swept, unless its owner may be at it', async () => {
    const dataDir = temporaryFolder()
    const logs = join(dataDir, '.pairduck', 'log')
    const { pid: gone } = spawnSync(process.execPath, ['-e', ''])
    const drafts = [gone, process.pid].map((pid) => `.${pid}-0123456789abcdef`)
    for (const draft of drafts) mkdirSync(join(logs, draft), { recursive: true })
    const db = await openManager({ dataDir })
    await db.insertTicks(logPair(0), ticks(0, 5))
    expect(logsIn(dataDir).filter((name) => name.startsWith('.'))).toEqual([drafts[1]])
    await db.close()
  })

  it('who has the directory open already misses nothing either', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({
      dataDir,
      retention: { ticks: 'forever' },
      acquireTimeoutMs: 200,
    })
    const child = await StoreChild.start({ dataDir, retention: { ticks: 'forever' } })
    await child.call('insertTicks', logPair(0), ticks(0, 50))
    await expect(db.insertTicks(logPair(0), ticks(50, 51))).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
    })
    await child.kill()
    expect(await countTicks(db, logPair(0))).toBe(50)
    expect(await db.insertTicks(logPair(0), ticks(1, 3))).toMatchObject({ duplicates: 2 })
  }, 60_000)

  it('a record that the disk spoiled is named, and all others are stored', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir, retention: { ticks: 'forever' } })
    for (let n = 0; n < 40; n += 10)
      await child.call('insertTicks', logPair(n % 20), ticks(n, n + 10, n % 20))
    await child.kill()
    const [file] = logSegments(dataDir)
    const bytes = readFileSync(file!)
    // The second record: one of the pair whose first is the third.
    const second = bytes.indexOf('PLG1', 8)
    bytes[second + 100]! ^= 1
    writeFileSync(file!, bytes)
    const db = await openManager({ dataDir, retention: { ticks: 'forever' } })
    const errors: unknown[] = []
    db.on('error', (event) => errors.push(event))
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toMatchObject([{ error: { code: 'LOG_CORRUPT', details: { records: 1 } } }])
    expect(await countTicks(db, logPair(0))).toBe(20)
    // The spoiled record may have been in the file before.
    expect([10, 20]).toContain(await countTicks(db, logPair(10)))
    expect(logsIn(dataDir)).toEqual([expect.stringMatching(/^spoiled-/)])
  }, 60_000)

  it.each([
    ['is cut in half', (file: string) => truncateSync(file, usedBytes(file) >> 1)],
    ['is empty', (file: string) => truncateSync(file, 0)],
    ['is another file', (file: string) => writeFileSync(file, 'hello')],
    ['is gone', (file: string) => rmSync(file)],
  ])(
    'a segment that %s is told, and the log is kept',
    async (_what, spoil) => {
      const dataDir = temporaryFolder()
      const child = await StoreChild.start({ dataDir, retention: { ticks: 'forever' } })
      for (let n = 0; n < 12; n++)
        await child.call('insertTicks', logPair(n % 2), [logTick(n % 2, n)])
      await child.kill()
      const [file] = logSegments(dataDir)
      spoil(file!)
      const db = await openManager({ dataDir, retention: { ticks: 'forever' } })
      const errors: unknown[] = []
      db.on('error', (event) => errors.push(event))
      await new Promise((resolve) => setImmediate(resolve))
      expect(errors).toMatchObject([{ error: { code: 'LOG_CORRUPT' } }])
      for (const pair of [0, 1]) await db.insertTicks(logPair(pair), [logTick(pair, 100)])
      await db.close()
      expect(logsIn(dataDir)).toEqual([expect.stringMatching(/^spoiled-/)])
    },
    60_000,
  )
})

describe('a log that cannot be written', () => {
  it('refuses the calls on their way, loses nothing acknowledged, and goes on in a new file', async () => {
    const dataDir = temporaryFolder()
    const db = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
    db.on('error', () => undefined)
    await db.insertTicks(logPair(0), ticks(0, 5))
    await db.insertTicks(logPair(1), ticks(0, 5, 1))
    await db.insertTicks(logPair(0), ticks(5, 10))
    const [before] = logSegments(dataDir)
    breakDescriptor(descriptorOf(before!))
    const failed = await Promise.allSettled([
      db.insertTicks(logPair(0), ticks(10, 12)),
      db.insertTicks(logPair(1), ticks(5, 7, 1)),
    ])
    expect(failed).toMatchObject([
      { reason: { code: 'IO_FAILED' } },
      { reason: { code: 'IO_FAILED' } },
    ])
    expect(await db.insertTicks(logPair(0), ticks(10, 12))).toMatchObject({ inserted: 2 })
    expect(logSegments(dataDir)).not.toContain(before)
    expect(await countTicks(db, logPair(0))).toBe(12)
    expect(await countTicks(db, logPair(1))).toBe(5)
    expect(await db.insertTicks(logPair(1), ticks(5, 7, 1))).toMatchObject({ inserted: 2 })
    await db.close()
    expect(logsIn(dataDir)).toEqual([])
  })

  it('stays when the manager closes while it holds what the file could not take either', async () => {
    const dataDir = temporaryFolder()
    const options = { dataDir, retention: { ticks: 'forever' } } as const
    const db = await DatabaseManager.open(options)
    db.on('error', () => undefined)
    await db.insertTicks(logPair(0), ticks(0, 5))
    await db.withConnection(logPair(0), ({ connection }) =>
      connection.run('ALTER TABLE pairduck_log RENAME TO hidden'),
    )
    await db.insertTicks(logPair(0), ticks(5, 10))
    breakDescriptor(descriptorOf(logSegments(dataDir)[0]!))
    await expect(db.insertTicks(logPair(0), ticks(10, 12))).rejects.toMatchObject({
      code: 'IO_FAILED',
    })
    await expect(db.close()).rejects.toThrow(`1 pair (${logPair(0)}) was not closed`)
    const instance = await DuckDBInstance.create(fileOf(dataDir, logPair(0)))
    const connection = await instance.connect()
    await connection.run('ALTER TABLE hidden RENAME TO pairduck_log')
    connection.closeSync()
    instance.closeSync()
    expect(await countTicks(await openManager(options), logPair(0))).toBe(10)
  })
})

/** The bytes of a segment up to its last record. */
function usedBytes(file: string): number {
  return readFileSync(file).findLastIndex((byte) => byte !== 0) + 1
}

it('finds the log where `logDir` put it, and reads nothing while that is gone', async () => {
  const dataDir = temporaryFolder()
  const logDir = join(temporaryFolder(), 'fast')
  const child = await StoreChild.start({ dataDir, logDir, retention: { ticks: 'forever' } })
  await child.call('insertTicks', logPair(0), ticks(0, 50))
  await child.kill()
  expect(readlinkSync(join(dataDir, '.pairduck', 'log'))).toContain(logDir)
  renameSync(logDir, `${logDir}-unmounted`)
  const without = await DatabaseManager.open({ dataDir })
  without.on('error', () => undefined)
  for (const call of [
    () => countTicks(without, logPair(0)),
    () => without.insertTicks(logPair(1), ticks(0, 1)),
  ])
    await expect(call()).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringContaining('is its disk mounted?'),
    })
  await without.close()
  renameSync(`${logDir}-unmounted`, logDir)
  const elsewhere = { dataDir, logDir: temporaryFolder() }
  await expect(DatabaseManager.open(elsewhere)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' })
  const db = await openManager({ dataDir, logDir })
  expect(await countTicks(db, logPair(0))).toBe(50)
  expect(await db.insertTicks(logPair(0), ticks(49, 51))).toMatchObject({
    inserted: 1,
    duplicates: 1,
  })
}, 60_000)
