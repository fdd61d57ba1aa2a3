import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { s3Archive } from '../../../src/archive/index.ts'
import { archivedPair, archiving, numberedTicks, timeOf } from '../../support/archive-sequence.ts'
import { S3StandIn } from '../../support/s3-stand-in.ts'
import { openManager, sql } from '../../support/store.ts'

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

describe('an archive in an object store', () => {
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
      $metadata: { httpStatusCode: 503 },
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
