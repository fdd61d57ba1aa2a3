import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderArchive } from '../../../src/archive/store/folder-archive.ts'
import { expectArchiveSafe } from '../../support/archive-kills.ts'
import { archivedPair, archiving, numberedTicks, timeOf } from '../../support/archive-sequence.ts'
import { stepping } from '../../support/archive-steps.ts'
import { rotatingSeed } from '../../support/rotating-seed.ts'
import { openManager, sql, temporaryFolder } from '../../support/store.ts'

/** Seven hours, across midnight. */
const count = 280
const clock = (): number => timeOf(count)

/** Every file below a folder with its bytes. */
function treeOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [
        join(parentPath.slice(folder.length), name),
        readFileSync(join(parentPath, name)).toString('base64'),
      ]),
  )
}

describe('a pass of the archive', () => {
  it('that fails at any step leaves what the next one makes whole, with the same bytes', async () => {
    const whole = temporaryFolder()
    const unbroken = await openManager({ archive: whole, ...archiving, clock })
    await unbroken.insertTicks(archivedPair, numberedTicks(0, count))
    await unbroken.archivePair(archivedPair, { compact: true })
    const expected = treeOf(whole)
    expect(Object.keys(expected).length).toBeGreaterThan(2)

    const folder = temporaryFolder()
    let stepsLeft = Infinity
    const archive = stepping(folderArchive(folder), (name) => {
      if (--stepsLeft < 0) throw new Error(`broken off ${name}`)
    })
    const db = await openManager({ archive, ...archiving, clock })
    await db.insertTicks(archivedPair, numberedTicks(0, count))
    let hasEnded = false
    let passes = 0
    while (!hasEnded) {
      // Each pass goes on where the one before broke off, and one step further.
      stepsLeft = passes++
      hasEnded = await db.archivePair(archivedPair, { compact: true }).then(
        () => true,
        () => false,
      )
      stepsLeft = Infinity
      const counted = sql('SELECT count(*) AS n, count(DISTINCT trade_id) AS ids FROM ticks')
      const [all] = await db.query(archivedPair, counted, { history: true })
      expect(all).toEqual({ n: count, ids: count })
    }
    expect(passes).toBeGreaterThan(6)
    expect(treeOf(folder)).toEqual(expected)
  })

  it('merges into bars what late trades add to them, and drops neither', async () => {
    let now = 200
    const options = { archive: temporaryFolder(), ...archiving, clock: () => timeOf(now) }
    const db = await openManager(options)
    await db.insertTicks(archivedPair, numberedTicks(0, now))
    await db.archivePair(archivedPair, { compact: true })
    // Within a bar that is archived: of it there is then a second piece, and no bar more.
    const [tick] = numberedTicks(20, 21)
    await db.insertTicks(archivedPair, [
      { ...tick!, timestamp: tick!.timestamp + 1, tradeId: 'late' },
    ])
    now += 1
    await db.archivePair(archivedPair, { compact: true })
    const counted = sql(
      'SELECT (SELECT count(*) FROM ticks) AS ticks, (SELECT sum(trade_count) FROM candles_1m) AS traded',
    )
    const [all] = await db.query(archivedPair, counted, { history: true })
    expect(all).toEqual({ ticks: 201, traded: 201 })
  })

  it('that is killed loses and doubles nothing', async () => {
    await expectArchiveSafe(2, rotatingSeed())
  })
})
