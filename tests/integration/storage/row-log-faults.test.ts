import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DatabaseManager } from '../../../src/index.ts'
import { readRecord, sealRecord } from '../../../src/storage/log/record.ts'
import { breakDescriptor, descriptorOf } from '../../support/descriptors.ts'
import { logSegments, logsIn } from '../../support/log-crashes.ts'
import { logCandle, logFlow, logPair, rowVersions } from '../../support/log-writer.ts'
import { fileOf, openManager, sql, temporaryFolder } from '../../support/store.ts'
import { StoreChild } from '../../support/store-child.ts'

const pair = logPair(0)
const other = logPair(1)
const retention = { candles_5m: 'forever', order_flow: 'forever' } as const
const hide = 'ALTER TABLE pairduck_log RENAME TO hidden'
const show = 'ALTER TABLE hidden RENAME TO pairduck_log'
const once = { inserted: 1, replaced: 0, expired: 0 }
const again = { inserted: 0, replaced: 1, expired: 0 }

/** The versions of the candles of a pair, by time. */
async function versions(db: DatabaseManager, of = pair): Promise<number[]> {
  const text = 'SELECT volume AS n FROM candles_5m ORDER BY timestamp'
  return (await db.query(of, sql<{ n: number }>(text))).map(({ n }) => n)
}

describe('rows that are in the log alone', () => {
  it('when their owner is killed come in once, the last version of each', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir, retention })
    for (let n = 0; n < 3; n++) {
      await child.call('insertCandles', pair, '5m', [logCandle(n)])
      await child.call('insertOrderFlow', pair, [logFlow(n)])
    }
    await child.call('insertCandles', pair, '5m', [logCandle(rowVersions), logCandle(2)])
    await child.kill()
    expect(readFileSync(logSegments(dataDir)[0]!, 'latin1')).toContain('{"relation":"candles_5m"')
    const db = await openManager({ dataDir, retention })
    expect(await versions(db)).toEqual([2, rowVersions])
    expect(await db.query(pair, sql('SELECT cvd FROM order_flow'))).toEqual([{ cvd: 2 }])
    expect(await db.insertCandles(pair, '5m', [logCandle(3)])).toEqual(again)
  })

  it('and that the disk spoiled are named, and all others are stored', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir, retention })
    // The first call of each goes to the file, which tells memory what there is.
    for (const each of [pair, other]) await child.call('insertCandles', each, '5m', [logCandle(0)])
    for (const n of [1, 2, 3])
      for (const each of [pair, other])
        await child.call('insertCandles', each, '5m', [logCandle(n)])
    await child.kill()
    const [file] = logSegments(dataDir)
    const bytes = readFileSync(file!)
    const last = bytes.lastIndexOf('PLG1', bytes.lastIndexOf('PLG1') - 1)
    // The last but one, which is the first pair's, and is durable by what the last one says.
    bytes[bytes.indexOf('volume', last) + 9]! ^= 1
    writeFileSync(file!, bytes)
    const db = await openManager({ dataDir, retention })
    const errors: unknown[] = []
    db.on('error', (event) => errors.push(event))
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toMatchObject([{ error: { code: 'LOG_CORRUPT', details: { records: 1 } } }])
    expect(await versions(db)).toEqual([2])
    expect(await versions(db, other)).toEqual([3])
    expect(logsIn(dataDir)).toEqual([expect.stringMatching(/^spoiled-/)])
  })

  it('wait while the file takes nothing, and reads say so instead of leaving them out', async () => {
    const dataDir = temporaryFolder()
    const db = await DatabaseManager.open({ dataDir, retention })
    db.on('error', () => undefined)
    await db.insertCandles(pair, '5m', [logCandle(0)])
    await db.withConnection(pair, ({ connection }) => connection.run(hide))
    // Who had the connection may have stored anything: the file is asked again, and is whole.
    expect(await db.insertCandles(pair, '5m', [logCandle(1)])).toEqual(again)
    expect(await db.insertCandles(pair, '5m', [logCandle(2)])).toEqual(again)
    for (const read of [
      () => versions(db),
      () => db.lastCandles(pair, '5m', 5),
      () => db.query(pair, sql('SELECT 1')),
    ])
      await expect(read()).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(await db.insertCandles(pair, '5m', [logCandle(3)])).toEqual(again)
    const failure = await db.close().catch((error: unknown) => error)
    expect(failure).toMatchObject({
      errors: [
        {
          message: expect.stringContaining(
            'acknowledged rows of other tables stay in the commit log',
          ),
        },
      ],
    })
    const child = await StoreChild.start({ dataDir: temporaryFolder() })
    await child.duckdb(fileOf(dataDir, pair), show)
    expect(await versions(await openManager({ dataDir, retention }))).toEqual([3])
  })

  it('of a table that this version does not know are refused, and stay', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir, retention })
    for (const n of [0, 1]) await child.call('insertOrderFlow', pair, [logFlow(n)])
    await child.kill()
    const [file] = logSegments(dataDir)
    rewriteRows(file!, 'order_flow', 'later_flow')
    const db = await openManager({ dataDir, retention })
    await expect(versions(db)).rejects.toMatchObject({ code: 'SCHEMA_NEWER' })
    await db.close()
    rewriteRows(file!, 'later_flow', 'order_flow')
    const later = await openManager({ dataDir, retention })
    expect(await later.query(pair, sql('SELECT cvd FROM order_flow'))).toEqual([{ cvd: 1 }])
  })
})

describe('a log that cannot be written', () => {
  it('keeps nothing of the rows that it refused', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, retention })
    db.on('error', () => undefined)
    for (const n of [0, 1, rowVersions]) await db.insertCandles(pair, '5m', [logCandle(n)])
    breakDescriptor(descriptorOf(logSegments(dataDir)[0]!))
    const next = [logCandle(2 * rowVersions)]
    await expect(db.insertCandles(pair, '5m', next)).rejects.toMatchObject({ code: 'IO_FAILED' })
    expect(await versions(db)).toEqual([1, rowVersions])
    expect(await db.insertCandles(pair, '5m', next)).toEqual(once)
    expect(await db.insertCandles(pair, '5m', next)).toEqual(again)
    expect(await versions(db)).toEqual([1, rowVersions, 2 * rowVersions])
  })
})

/** Says another name in every record of a segment, of the same length. */
function rewriteRows(file: string, from: string, to: string): void {
  const bytes = readFileSync(file)
  for (let at = 0; ;) {
    const record = readRecord(bytes, at)
    if (record === undefined) break
    const name = bytes.indexOf(from, at)
    if (name >= 0 && name < at + record.bytes) bytes.write(to, name)
    at = sealRecord(bytes, at, record)
  }
  writeFileSync(file, bytes)
}
