import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { s3Archive } from '../../../src/archive/index.ts'
import { archivedPair, archiving, numberedTicks, timeOf } from '../../support/archive-sequence.ts'
import { S3StandIn } from '../../support/s3-stand-in.ts'
import type { DatabaseManager } from '../../../src/index.ts'
import { openManager, sql, temporaryFolder } from '../../support/store.ts'
import { untilWarned, warnings } from '../../support/warnings.ts'

const count = 280
const clock = (): number => timeOf(count)

function clientOf({ endpoint }: S3StandIn): S3Client {
  return new S3Client({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'user', secretAccessKey: 'secret' },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  })
}

function isPart(request: string): boolean {
  return /^GET .*parquet/.test(request)
}

describe('an archive in an object store', () => {
  it('may be made a dozen times in a process that has not ended', async () => {
    const told = warnings()
    const listeners = process.listenerCount('exit')
    const client = new S3Client({ region: 'local' })
    for (let made = 0; made < 12; made++) await s3Archive({ client, bucket: 'market' })
    await untilWarned()
    expect(process.listenerCount('exit') - listeners).toBeLessThanOrEqual(1)
    // The library tells how long it will go on with this Node.
    expect(told.filter((warning) => warning.includes('MaxListeners'))).toEqual([])
  })

  it('is told by name when it answers with half of a part, breaks off, refuses or never answers', async () => {
    const s3 = await S3StandIn.start()
    const open = async (): Promise<DatabaseManager> => {
      // What does answer has to do so on a machine with much to do.
      const archive = await s3Archive({ client: clientOf(s3), bucket: 'market', timeoutMs: 3000 })
      return openManager({ archive, ...archiving, clock, dataDir })
    }
    const dataDir = temporaryFolder()
    const counted = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')
    let db = await open()
    await db.insertTicks(archivedPair, numberedTicks(0, count))
    s3.limping = (request) => isPart(request) && 'never'
    await expect(db.archivePair(archivedPair)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/reading s3:.*nothing came for 3000 ms/) as unknown,
    })
    s3.limping = () => false
    await db.archivePair(archivedPair)
    const faults: [() => void, RegExp][] = [
      [() => (s3.limping = (request) => isPart(request) && 'half'), /cut short/],
      [() => (s3.limping = (request) => isPart(request) && 'cut'), /reading s3:.*\.parquet failed/],
      [() => (s3.limping = (request) => isPart(request) && 'never'), /nothing came for 3000 ms/],
      [() => (s3.failing = (request) => isPart(request) && 'before'), /HTTP 503/],
    ]
    for (const [begin, message] of faults) {
      // What was fetched well is kept on this machine.
      await db.close()
      db = await open()
      begin()
      const asked = db.query(archivedPair, counted, { history: true })
      await expect(asked).rejects.toMatchObject({
        code: 'IO_FAILED',
        message: expect.stringMatching(message) as unknown,
      })
      s3.limping = () => false
      s3.failing = () => false
      expect(await db.query(archivedPair, counted, { history: true })).toEqual([{ n: count }])
    }
  })

  it('is asked no longer by who aborts or closes while it answers nothing', async () => {
    const s3 = await S3StandIn.start()
    const dataDir = temporaryFolder()
    // It waits for two minutes, which no line here does.
    const open = async (): Promise<DatabaseManager> =>
      openManager({
        archive: await s3Archive({ client: clientOf(s3), bucket: 'market' }),
        ...archiving,
        clock,
        dataDir,
      })
    /** Resolves when the first request of a kind has come, which then waits for ever. */
    const stalled = (isMeant: (request: string) => boolean): Promise<void> =>
      new Promise((resolve) => {
        s3.limping = (request) => {
          if (!isMeant(request)) return false
          resolve()
          return 'never'
        }
      })
    const aborted = async (
      isMeant: (request: string) => boolean,
      ask: (signal: AbortSignal) => Promise<unknown>,
    ): Promise<void> => {
      const stop = new AbortController()
      const come = stalled(isMeant)
      const asked = ask(stop.signal)
      await Promise.race([come, asked])
      stop.abort()
      await expect(asked).rejects.toMatchObject({ code: 'ABORTED' })
      s3.limping = () => false
    }
    const counted = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')
    let db = await open()
    await db.insertTicks(archivedPair, numberedTicks(0, count))
    await aborted(
      (request) => request.startsWith('PUT '),
      (signal) => db.archivePair(archivedPair, { signal }),
    )
    await aborted(isPart, (signal) => db.archivePair(archivedPair, { signal }))
    await db.archivePair(archivedPair)
    await db.close()
    db = await open()
    const history = true
    await aborted(isPart, (signal) => db.query(archivedPair, counted, { history, signal }))
    await aborted(isPart, (signal) => db.queryColumns(archivedPair, counted, { history, signal }))
    await aborted(isPart, (signal) => db.streamColumns(archivedPair, counted, { history, signal }))
    const come = stalled(isPart)
    const asked = Promise.allSettled([db.query(archivedPair, counted, { history })])
    await come
    await db.close()
    expect(await asked).toMatchObject([{ status: 'rejected', reason: { code: 'CLOSED' } }])
    s3.limping = () => false
    db = await open()
    expect(await db.query(archivedPair, counted, { history })).toEqual([{ n: count }])
  })

  it('holds every tick once, whatever requests fail, before or after they took effect', async () => {
    const s3 = await S3StandIn.start()
    const archive = await s3Archive({ client: clientOf(s3), bucket: 'market', prefix: 'a/b' })
    const db = await openManager({ archive, ...archiving, clock })
    await db.insertTicks(archivedPair, numberedTicks(0, count))
    let requests = 0
    let failAt = 0
    s3.failing = () => (++requests === failAt ? (failAt % 2 === 0 ? 'after' : 'before') : false)
    let hasEnded = false
    while (!hasEnded) {
      requests = 0
      failAt++
      hasEnded = await db.archivePair(archivedPair).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'IO_FAILED' })
          return false
        },
      )
    }
    expect(failAt).toBeGreaterThan(4)
    s3.failing = () => false
    const counted = sql('SELECT count(*) AS n, count(DISTINCT trade_id) AS ids FROM ticks')
    expect(await db.query(archivedPair, counted, { history: true })).toEqual([
      { n: count, ids: count },
    ])
    const parts = await db.query(
      archivedPair,
      sql<{ path: string; state: string }>('SELECT path, state FROM pairduck_archive'),
    )
    expect([...s3.objects.keys()].sort()).toEqual(
      parts.map(({ path }) => `market/a/b/${path}`).sort(),
    )
    expect(s3.uploads.size).toBe(0)
  })

  it('takes large parts in pieces, and leaves none of one that was broken off', async () => {
    const s3 = await S3StandIn.start()
    const archive = await s3Archive({
      client: clientOf(s3),
      bucket: 'market',
      pieceBytes: 5 * 2 ** 20,
    })
    const bytes = randomBytes(11 * 2 ** 20)
    const draft = await archive.draft('x/y.parquet')
    writeFileSync(draft, bytes)
    s3.failing = (request) => (request.includes('partNumber=3') ? 'before' : false)
    await expect(archive.keep(draft, 'x/y.parquet')).rejects.toMatchObject({
      code: 'IO_FAILED',
      cause: { $metadata: { httpStatusCode: 503 } },
    })
    expect(s3.uploads.size).toBe(1)
    await archive.remove('x/y.parquet')
    expect(s3.uploads.size).toBe(0)
    s3.failing = () => false
    await archive.keep(draft, 'x/y.parquet')
    expect(s3.objects.get('market/x/y.parquet')?.equals(bytes)).toBe(true)
    expect(readFileSync(await archive.open('x/y.parquet')).equals(bytes)).toBe(true)
    await archive.remove('x/y.parquet')
    await expect(archive.open('x/y.parquet')).rejects.toMatchObject({ code: 'ARCHIVE_INCOMPLETE' })
  })
})
