import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DatabaseManager } from '../../../src/index.ts'
import { LocalValkey } from '../../../src/mirror/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { countTicks, openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const later = Date.UTC(2100, 0, 1)
const pair = 'x/spot/A'

/** A file, what would be below it, too long a name, and a folder that /proc says is not there. */
function badPlaces(): readonly string[] {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  return [
    file,
    join(file, 'deep', 'er'),
    join(temporaryFolder(), 'y'.repeat(300)),
    ...(process.platform === 'linux' ? ['/proc/pairduck/deep'] : []),
  ]
}

/** Everything public that makes a folder, with one that cannot be made. */
const makers: Readonly<Record<string, (place: string) => Promise<unknown>>> = {
  'open with dataDir': (dataDir) => DatabaseManager.open({ dataDir }),
  'open with logDir': (logDir) => DatabaseManager.open({ dataDir: temporaryFolder(), logDir }),
  archivePair: async (archive) => {
    const db = await openManager({ archive, clock: () => later })
    await db.insertTicks(pair, someTicks(5))
    return db.archivePair(pair, { olderThanMs: 0 })
  },
  snapshot: async (place) => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(5))
    return db.snapshot(pair, join(place, 'copy.duckdb'))
  },
  export: async (place) => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(5))
    return db.export(pair, sql('SELECT 1 AS one'), join(place, 'one.csv'))
  },
  'LocalValkey.start': (dir) => new LocalValkey({ dir }).start(),
  'LocalValkey.restore': (dir) => new LocalValkey({ dir }).restore(join(dir, 'a.rdb')),
}

describe('a place that cannot be made is refused by name, at once', () => {
  it.each(Object.entries(makers))('%s', async (_name, make) => {
    for (const place of badPlaces())
      await expect(make(place)).rejects.toMatchObject({
        name: 'PairduckError',
        code: 'IO_FAILED',
        message: expect.stringContaining(place.slice(0, 13)),
      })
  })
})

it.each(['verify', 'stats', 'gaps', 'cleanup'])(
  '`%s` tells a data folder that cannot be looked at, and does not call it empty',
  async (command) => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const { exitCode, stderr, stdout } = await cliRun([command, '--data-dir', join(file, 'data')])
    expect([exitCode, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/IO_FAILED: .*file.data/)
  },
)

it('an archive that could not be made does not hold up the one that is named next', async () => {
  const dataDir = temporaryFolder()
  const archiveTo = async (archive: string): Promise<unknown> => {
    const db = await DatabaseManager.open({ dataDir, archive, clock: () => later })
    try {
      return await db.archivePair(pair, { olderThanMs: 0 })
    } finally {
      await db.close()
    }
  }
  const first = await DatabaseManager.open({ dataDir })
  await first.insertTicks(pair, someTicks(5))
  await first.close()
  for (const place of badPlaces())
    await expect(archiveTo(place)).rejects.toMatchObject({ code: 'IO_FAILED' })
  expect(await archiveTo(temporaryFolder())).toMatchObject({ archived: { ticks: 5 } })
})

it.runIf(process.platform === 'linux')(
  'a file that the disk does not give fails by itself',
  async () => {
    const db = await openManager()
    const good = join(temporaryFolder(), 'good.csv')
    writeFileSync(good, 'timestamp,price,volume,side,trade_id\n1700000000000,1,1,buy,1\n')
    const report = await db.importFiles(pair, ['/proc/self/mem', good])
    expect(report).toMatchObject({ failed: 1, imported: 1 })
    expect(report.files.find(({ file }) => file !== good)!.error).toMatchObject({
      code: 'IO_FAILED',
    })
    expect(await countTicks(db, pair)).toBe(1)
  },
)
