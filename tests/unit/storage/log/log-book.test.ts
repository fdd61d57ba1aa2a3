import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BatchColumns } from '../../../../src/storage/duckdb/batch-function.ts'
import { CommitLog } from '../../../../src/storage/log/commit-log.ts'
import { LogBook } from '../../../../src/storage/log/log-book.ts'
import type { LogDamage } from '../../../../src/storage/log/read-segment.ts'
import { temporaryFolder } from '../../../support/store.ts'

const pair = 'x/spot/A'

function ticks(price: number, idBytes = 1): BatchColumns {
  const one = Float64Array.of(price)
  const ids = [String(price).padStart(idBytes, 'x')]
  return { length: 1, micros: one, price: one, volume: one, side: Uint8Array.of(0), ids }
}

/** A log that its owner left, with a record for each group; returns its folder. */
async function deserted(root: string, groups: readonly BatchColumns[]): Promise<string> {
  const log = new CommitLog(root)
  for (const each of groups) {
    log.ready({ commit: (group) => void group.append(pair, each, '') })
    await log.settled()
  }
  await log.close()
  return join(root, log.name!)
}

async function pricesIn(book: LogBook): Promise<number[]> {
  const { inherited } = await book.inheritanceOf(pair)
  return inherited.flatMap(({ entries }) => entries.map(({ ticks: given }) => given.price[0]!))
}

describe('the log of an owner who is gone', () => {
  it('is not applied any more when somebody else has removed it', async () => {
    const root = temporaryFolder()
    const folder = await deserted(root, [ticks(1), ticks(2)])
    const book = new LogBook(root, () => undefined)
    expect(await pricesIn(book)).toEqual([1, 2])
    rmSync(folder, { recursive: true })
    // Whoever removed it has all of it in the files, and their marks of it go with their next write.
    expect(await pricesIn(book)).toEqual([])
  })

  it('is found although a power loss left half of its lock', async () => {
    const root = temporaryFolder()
    const folder = await deserted(root, [ticks(1)])
    truncateSync(join(folder, 'owner.duckdb'), 5000)
    expect(await pricesIn(new LogBook(root, () => undefined))).toEqual([1])
  })

  it('names a segment in the middle of which nothing is left, and gives back all others', async () => {
    const root = temporaryFolder()
    const prices = Array.from({ length: 40 }, (_, index) => index + 1)
    const groups = prices.map((price) => ticks(price, 60_000))
    const folder = await deserted(root, groups)
    const segments = readdirSync(folder).filter((name) => name.endsWith('.log'))
    // The first two take four each.
    expect(segments).toHaveLength(4)
    for (const content of [Buffer.alloc(0), Buffer.alloc(1 << 18, 0xab)]) {
      const damages: LogDamage[] = []
      writeFileSync(join(folder, segments[1]!), content)
      const book = new LogBook(root, (_log, found) => damages.push(...found))
      expect(await pricesIn(book)).toEqual([...prices.slice(0, 4), ...prices.slice(8)])
      expect(damages).toEqual([{ file: join(folder, segments[1]!), from: 0, to: content.length }])
    }
  })
})
