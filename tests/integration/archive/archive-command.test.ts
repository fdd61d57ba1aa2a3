import { readdirSync, renameSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ArchiveResult } from '../../../src/index.ts'
import { calculateCvdQuery } from '../../../src/queries/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { openManager, temporaryFolder } from '../../support/store.ts'

const day = 86_400_000
const begin = Date.UTC(2026, 0, 5)
const [first, second] = ['x/spot/A', 'x/spot/B']
const iso = (ms: number): string => new Date(ms).toISOString()

/** Two pairs of ten days, a tick an hour. */
async function stored(): Promise<string> {
  const db = await openManager({
    retention: 'forever',
    candles: ['1h'],
    clock: () => begin + 10 * day,
  })
  for (const pair of [first, second])
    await db.insertTicks(
      pair,
      Array.from({ length: 240 }, (_, hour) => ({
        timestamp: begin + hour * 3_600_000,
        price: 100,
        volume: 1,
        side: 'BUY' as const,
        tradeId: String(hour),
      })),
    )
  await db.close()
  return db.dataDir
}

async function archive(args: readonly string[]): Promise<ArchiveResult[]> {
  const { exitCode, stdout, stderr } = await cliRun(['archive', ...args, '--json'])
  if (exitCode !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as ArchiveResult[]
}

describe('pairduck archive', () => {
  it('moves what is older than told, of the pairs that are told, and forgets what it need not keep', async () => {
    const dataDir = await stored()
    const folder = temporaryFolder()
    const place = ['--data-dir', dataDir, '--archive', folder]
    const now = ['--now', iso(begin + 10 * day)]

    // Nothing says that it is to be archived.
    expect(await archive([first, ...place, ...now])).toMatchObject([{ pair: first, archived: {} }])
    expect(readdirSync(folder)).toEqual([])

    const [aged] = await archive([first, ...place, ...now, '--older-than', '3d'])
    expect(aged).toMatchObject({ pair: first, archived: { ticks: 7 * 24 }, expired: 0 })

    // The newest tick is of the last hour of the tenth day: ages from there leave a day less.
    const both = await archive([...place, '--now', 'newest-tick', '--older-than', '2d'])
    expect(both.map(({ pair, archived }) => [pair, archived.ticks])).toEqual([
      [first, undefined],
      [second, 7 * 24],
    ])

    const [kept] = await archive([first, ...place, ...now, '--keep', '6d'])
    const days = (pair: string): string[] =>
      readdirSync(`${folder}/ticks/exchange=x/market=spot/symbol=${pair.slice(-1)}`).sort()
    expect(kept).toMatchObject({ archived: {}, expired: expect.any(Number) as number })
    expect(kept!.expired).toBeGreaterThanOrEqual(4)
    expect(days(first)).toHaveLength(7)
    expect(
      days(first).filter(
        (name) => readdirSync(`${folder}/ticks/exchange=x/market=spot/symbol=A/${name}`).length > 0,
      ),
    ).toEqual(['date=2026-01-09', 'date=2026-01-10', 'date=2026-01-11'])
    expect(days(second)).toHaveLength(7)

    // What was removed is not missing: history begins after it, and says so.
    const asked = await cliRun(['cvd', first, '--history', '--json', '--data-dir', dataDir])
    expect(JSON.parse(asked.stdout)).toMatchObject({
      tradeCount: 6 * 24,
      coveredFrom: begin + 4 * day,
    })

    const lines = await cliRun(['archive', first, ...place, ...now])
    expect(lines.stdout).toMatch(
      /^x\/spot\/A: nothing was due; the archive holds \d+ rows in \d+ parts/,
    )
    const homeless = await cliRun(['archive', first, '--data-dir', dataDir])
    expect(homeless).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/--archive/) as unknown,
    })
  })

  it('finds an archive that was moved where `--archive` says, and tells one that is away', async () => {
    const dataDir = await stored()
    const [folder, moved] = [temporaryFolder(), `${temporaryFolder()}/moved`]
    await archive([
      first,
      '--data-dir',
      dataDir,
      '--archive',
      folder,
      '--older-than',
      '3d',
      '--now',
      iso(begin + 10 * day),
    ])
    renameSync(folder, moved)
    const cvd = ['cvd', first, '--history', '--json', '--data-dir', dataDir]
    expect(await cliRun(cvd)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/lacks/) as unknown,
    })
    expect(JSON.parse((await cliRun([...cvd, '--archive', moved])).stdout)).toMatchObject({
      tradeCount: 240,
    })
  })

  it('keeps in the archive as long as `keepMs` says, at each cleanup', async () => {
    let now = begin + 10 * day
    const db = await openManager({
      archive: { to: temporaryFolder(), keepMs: 6 * day },
      retention: { ticks: { keepMs: 2 * day, then: 'archive' } },
      candles: ['1h'],
      clock: () => now,
    })
    const ticks = Array.from({ length: 240 }, (_, hour) => ({
      timestamp: begin + hour * 3_600_000,
      price: 100,
      volume: 1,
      side: 'BUY' as const,
      tradeId: String(hour),
    }))
    await db.insertTicks(first, ticks)
    await db.cleanupPair(first)
    const counted = async (): Promise<object[]> =>
      db.query(first, calculateCvdQuery(), { history: true })
    expect(await counted()).toMatchObject([{ tradeCount: 6 * 24, coveredFrom: begin + 4 * day }])
    now += day
    await db.cleanupPair(first)
    expect(await counted()).toMatchObject([{ tradeCount: 5 * 24, coveredFrom: begin + 5 * day }])
  })
})
