import { S3Client } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from 'vitest'
import { assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import * as cold from '../../src/clickhouse/index.ts'
import {
  createTableSql,
  createViewSql,
  loadDaySql,
} from '../../src/clickhouse/tree/archive-table.ts'
import { treeDays } from '../../src/clickhouse/tree/archive-tree.ts'
import type { DatabaseManager } from '../../src/index.ts'
import { parsePair } from '../../src/pair.ts'
import type { Tick } from '../../src/schema/rows.ts'
import { S3StandIn } from '../support/s3-stand-in.ts'
import { s3Archive } from '../../src/archive/index.ts'
import { chdbClient, chdbIsHere } from '../support/chdb.ts'
import { clickhouseQuestions, type ClickhouseQuestion } from '../support/clickhouse-questions.ts'
import { sameAnswer } from '../support/every-analytic.ts'
import { oracleTrades } from '../support/oracle.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { openManager, temporaryFolder } from '../support/store.ts'
import { testOnRealTrades } from '../support/test-on-real-trades.ts'
import { binSizeOf, epoch, randomTicks } from '../support/ticks.ts'

const hour = 3_600_000
const pair = 'x/spot/BTC/USDT'
const retention = { ticks: { keepMs: hour, then: 'archive' } } as const
/** Of four days: one on the first, two on the second, one on the third and on the fourth. */
const fourDays: Tick[] = [-50, -26, -25, 0, 2].map((hours, index) => ({
  timestamp: epoch + hours * hour,
  price: 10 + index,
  volume: 1,
  side: 'BUY',
  tradeId: String(index),
}))
const clock = (): number => epoch + 48 * hour
const client = chdbIsHere ? chdbClient() : undefined
afterAll(() => client?.close())

async function openArchived() {
  const folder = temporaryFolder()
  const db = await openManager({
    archive: folder,
    retention,
    clock,
  })
  const archive = cold.clickhouseArchive({ client: client!, source: { folder }, clock })
  return { folder, db, archive }
}

async function answer(query: string): Promise<string> {
  const found = await client!.query({ query, format: 'TabSeparatedRaw' })
  return found.text()
}

/** A root says the rounding of what is below it many times over, where that is near 0: it is compared squared. */
function squared(rows: readonly object[]): object[] {
  return rows.map((row) =>
    'standardDeviation' in row
      ? { ...row, standardDeviation: ((row.standardDeviation as number | null) ?? 0) ** 2 }
      : row,
  )
}

/** What the archive alone does not know is left out of our answer. */
function asArchived(rows: readonly object[], coveredTo: number | null): object[] {
  return rows.map((row) => ({ ...row, complete: null, coveredTo }))
}

/** Stores and archives ticks, and asks both engines the same. */
async function expectSame(
  db: DatabaseManager,
  archive: cold.ClickhouseArchive,
  pair: string,
  ticks: readonly Tick[],
  questions: Iterable<ClickhouseQuestion>,
): Promise<void> {
  await db.insertTicks(pair, ticks)
  const coveredTo = Math.max(...ticks.map(({ timestamp }) => timestamp))
  const asking = [...questions]
  const expected: object[][] = []
  for (const { ours } of asking) expected.push(asArchived(await db.query(pair, ours), coveredTo))
  await db.archivePair(pair)
  for (const [index, { name, options, theirs }] of asking.entries()) {
    const rows = expected[index]!
    const found = await archive.query(pair, theirs)
    // Only an answer that differs is written out.
    const same = sameAnswer(squared(found), squared(rows))
    expect(same ? 'same' : { name, options, rows: found }).toEqual(
      same ? 'same' : { name, options, rows },
    )
  }
}

describe.runIf(chdbIsHere)('ClickHouse over an archive', () => {
  testOnRealTrades('answers as our builders do, on %s', async (symbol) => {
    const { db, archive } = await openArchived()
    const trades = oracleTrades(symbol)
    const times = trades.map(({ timestamp }) => timestamp).sort((a, b) => a - b)
    const at = (share: number): number => times[Math.floor(times.length * share)]!
    const binSize = symbol === 'BTCUSDT' ? 5 : 0.25
    const window = symbol === 'BTCUSDT' ? {} : { from: at(0.2) + 0.5, to: at(0.9), asOf: at(0.8) }
    await expectSame(db, archive, 'b/spot/P', trades, clickhouseQuestions(window, binSize))
  })

  it('answers as our builders do, on random ticks', async () => {
    const { db, archive } = await openArchived()
    let run = 0
    const spanMs = 5 * hour
    await assert(
      asyncProperty(
        randomTicks({ spanMs, maxLength: 80, decimal: true }),
        record({ from: nat(spanMs), width: nat(spanMs), asOf: nat(spanMs * 2) }),
        constantFrom(true, false),
        async (ticks, { from, width, asOf }, isWhole) => {
          const pair = `x/spot/R${run++}`
          const within = { from: epoch + from, to: epoch + from + width, asOf: epoch + asOf }
          await expectSame(
            db,
            archive,
            pair,
            ticks,
            clickhouseQuestions(isWhole ? {} : within, binSizeOf(ticks)),
          )
          await db.pool.release(pair)
        },
      ),
      { numRuns: propertyRuns(2), endOnFailure: true },
    )
  })

  it('reads it from an object store, and opens no part of another day', async () => {
    const s3 = await S3StandIn.start()
    const access = { accessKeyId: 'user', secretAccessKey: 'secret' }
    const store = new S3Client({
      endpoint: s3.endpoint,
      region: 'local',
      credentials: access,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
    const db = await openManager({
      archive: await s3Archive({ client: store, bucket: 'market', prefix: 'a/b' }),
      retention,
      clock,
    })
    await db.insertTicks(pair, fourDays)
    await db.archivePair(pair, { olderThanMs: 0 })
    const damaged = [...s3.objects.keys()].find((key) => /\/ticks\/.*date=2024-08-07/.test(key))
    s3.objects.set(damaged!, Buffer.from('PAR1 this is none PAR1'))
    const url = `${s3.endpoint}/market/a/b`
    const archive = cold.clickhouseArchive({ client: client!, source: { url, ...access }, clock })
    const found = await archive.query(pair, cold.calculateCvdQuery({ from: epoch }))
    expect(found).toMatchObject([{ tradeCount: 2, complete: null }])
    await expect(archive.query(pair, cold.calculateCvdQuery())).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
  })

  it('fills a table a day at a time, and one that is full stays as it is', async () => {
    const { db, archive } = await openArchived()
    const alike = { timestamp: epoch, price: 5, volume: 1, side: 'BUY' } as const
    await db.insertTicks(pair, [...fourDays, alike, alike])
    await db.archivePair(pair, { olderThanMs: 0 })
    const table = 'default.archived_ticks'
    await archive.createTable({ table })
    await archive.createTable({ table })
    const loaded = cold.clickhouseArchive({ client: client!, source: { table }, clock })
    expect(await loaded.extent(pair)).toEqual({ coveredFrom: null, coveredTo: null })
    for (const from of ['2024-08-08', undefined, undefined])
      await archive.load({ table, pair, ...(from !== undefined && { from }) })
    const question = cold.candlesFromTicksQuery({ timeframe: '1d', fill: 'previous' })
    const expected = await archive.query(pair, question)
    expect(expected.map(({ tradeCount }) => tradeCount)).toEqual([1, 2, 3, 1])
    expect(await loaded.query(pair, question)).toEqual(expected)
    expect(await loaded.query('x/spot/NONE', question)).toEqual([])

    await archive.createView()
    const listed = await client!.query({
      query: `SELECT symbol, count() AS n FROM pairduck_ticks WHERE date >= '2024-08-08' GROUP BY symbol`,
      format: 'JSONEachRow',
    })
    expect(await listed.json()).toEqual([{ symbol: 'BTC/USDT', n: 4 }])
  })

  // One process has no Keeper and no cluster: what can be known here is that nothing else is in the way.
  describe('of a cluster, which is not here', () => {
    const source = { url: 'https://s3.example/market', cluster: 'all' }
    const table = 'market.replicated'
    const day = { table, pair: parsePair(pair), day: '2024-08-08' }
    const replicated = createTableSql({ table, replicated: true, cluster: '{cluster}' })
    const statements: readonly [name: string, sql: string, told: RegExp][] = [
      ['the view', createViewSql(source), /s3Cluster/],
      ['the table', replicated, /ReplicatedReplacingMergeTree/],
      ['a load', loadDaySql(source, day), /s3Cluster/],
      ['the days', treeDays(source, { pair: day.pair }), /s3Cluster/],
    ]

    it.each(statements)('%s is parsed as it is meant', async (_name, sql, told) => {
      expect(await answer(`EXPLAIN AST ${sql}`)).toMatch(told)
    })

    it('the table would be made on each machine, by the macros of the server', async () => {
      const syntax = await answer(`EXPLAIN SYNTAX ${replicated}`)
      expect(syntax).toContain('ON CLUSTER `{cluster}`')
      expect(syntax).toContain('ENGINE = ReplicatedReplacingMergeTree')
    })

    it('the server misses the cluster, and of a replicated table its place in Keeper, and nothing before', async () => {
      const archive = cold.clickhouseArchive({ client: client!, source })
      await expect(archive.query(pair, cold.calculateCvdQuery())).rejects.toMatchObject({
        cause: expect.objectContaining({
          message: expect.stringContaining(`Requested cluster 'all' not found`) as unknown,
        }) as unknown,
      })
      await expect(
        archive.createTable({ table, replicated: true, cluster: '{cluster}' }),
      ).rejects.toThrow(/No macro 'cluster' in config/)
      await client!.command({ query: 'CREATE DATABASE IF NOT EXISTS market' })
      await expect(archive.createTable({ table, replicated: true })).rejects.toThrow(
        /'uuid' .* used within an ON CLUSTER query, or when using the Replicated database engine/,
      )
    })
  })

  it('refuses what it can not know', async () => {
    const { db, archive } = await openArchived()
    await db.insertTicks(pair, [
      { ...fourDays[0]!, volume: 1e308, tradeId: 'a' },
      { ...fourDays[0]!, volume: 1e308, tradeId: 'b' },
    ])
    await db.archivePair(pair)
    await expect(archive.query(pair, cold.calculateCvdQuery())).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/overflowed/) as unknown,
    })
  })
})
