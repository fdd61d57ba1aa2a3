import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
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
    // The first two take four each, later ones more.
    expect(segments.length).toBeGreaterThanOrEqual(4)
    for (const content of [Buffer.alloc(0), Buffer.alloc(1 << 18, 0xab)]) {
      const damages: LogDamage[] = []
      writeFileSync(join(folder, segments[1]!), content)
      const book = new LogBook(root, (_log, found) => damages.push(...found))
      expect(await pricesIn(book)).toEqual([...prices.slice(0, 4), ...prices.slice(8)])
      expect(damages).toEqual([{ file: join(folder, segments[1]!), from: 0, to: content.length }])
    }
  })
})

/** What is said of a log in which an owner who died left that. */
async function told(root: string): Promise<{ prices: number[]; damages: LogDamage[] }> {
  const damages: LogDamage[] = []
  const book = new LogBook(root, (_log, found) => damages.push(...found))
  return { prices: await pricesIn(book), damages }
}

describe('a segment that a crash alone cannot have left', () => {
  const shorter = 'it is shorter than it was made'
  it.each([
    ['cut within a record', (file: string) => truncateSync(file, 1000), shorter],
    ['cut at a page', (file: string) => truncateSync(file, 1 << 16), shorter],
    ['cut behind all records', (file: string) => truncateSync(file, 250_001), shorter],
    ['another file', (file: string) => writeFileSync(file, 'hello'), shorter],
    [
      'emptied',
      (file: string) => truncateSync(file, 0),
      `it is empty, and held records of ${pair}`,
    ],
    ['removed', (file: string) => rmSync(file), `it has no segment, and held records of ${pair}`],
  ])('%s is named, and the log is kept', async (_what, spoil, proof) => {
    const root = temporaryFolder()
    const log = new CommitLog(root)
    await log.claim(pair)
    for (const price of [1, 2]) {
      log.ready({ commit: (group) => void group.append(pair, ticks(price, 60_000), '') })
      await log.settled()
    }
    await log.close()
    const folder = join(root, log.name!)
    spoil(join(folder, '0000000001.log'))
    const { prices, damages } = await told(root)
    expect(damages).toMatchObject([{ proof }])
    expect([1, 2].slice(0, prices.length)).toEqual(prices)
    // It is kept aside at once when it holds nothing.
    const kept = readdirSync(root)
    expect(kept).toEqual([prices.length === 0 ? `spoiled-${log.name!}` : log.name!])
  })

  it('is the first of two, emptied, when the next one was made already', async () => {
    const root = temporaryFolder()
    const folder = await deserted(root, [ticks(1)])
    writeFileSync(join(folder, '0000000002.log'), Buffer.alloc(1 << 18))
    truncateSync(join(folder, '0000000001.log'), 0)
    expect(await told(root)).toMatchObject({ prices: [], damages: [{ from: 0, to: 0 }] })
  })
})

describe('a crash while a segment is made', () => {
  it.each([
    ['before the first claim', undefined, 0],
    ['before the first claim', 0, 0],
    ['before the first claim', 5000, 0],
    ['before the first claim', 1 << 18, 0],
    ['beside one with records', 0, 2],
    ['beside one with records', 5000, 2],
    ['beside one with records', 1 << 18, 2],
  ])('%s is no damage (%s bytes of it)', async (_when, bytes, records) => {
    const root = temporaryFolder()
    const log = new CommitLog(root)
    if (records > 0) await log.claim(pair)
    else await log.open()
    const folder = join(root, log.name!)
    for (let price = 1; price <= records; price++) {
      log.ready({ commit: (group) => void group.append(pair, ticks(price), '') })
      await log.settled()
    }
    if (records > 0) await log.close()
    else {
      const { name } = log
      await log.close()
      mkdirSync(join(root, name!), { recursive: true })
    }
    const file = join(folder, records > 0 ? '0000000002.log' : '0000000001.log')
    if (bytes !== undefined) writeFileSync(file, Buffer.alloc(bytes))
    const found = await told(root)
    expect(found.damages).toEqual([])
    expect(found.prices).toHaveLength(records)
  })

  it('and a claim cannot stand before the first one is whole', async () => {
    const root = temporaryFolder()
    const log = new CommitLog(root)
    await log.claim(pair)
    const folder = join(root, log.name!)
    const first = readdirSync(folder).find((name) => name.endsWith('.log'))
    expect(statSync(join(folder, first!)).size).toBe(1 << 18)
    // Too large for it: an empty one before the first that has records.
    log.ready({ commit: (group) => void group.append(pair, ticks(1, 60_000), '') })
    const many = Array.from({ length: 6 }, (_, index) => ticks(index + 2, 60_000))
    log.ready({
      commit: (group) => {
        for (const each of many) group.append(pair, each, '')
      },
    })
    await log.settled()
    await log.close()
    writeFileSync(join(folder, first!), Buffer.alloc(1 << 18))
    expect(await told(root)).toMatchObject({ prices: [1, 2, 3, 4, 5, 6, 7], damages: [] })
  })
})

it.each(['folder', 'pipe'])('a segment that is a %s is named', async (kind) => {
  const root = temporaryFolder()
  const folder = await deserted(root, [ticks(1)])
  const file = join(folder, '0000000001.log')
  rmSync(file)
  if (kind === 'folder') mkdirSync(file)
  else execFileSync('mkfifo', [file])
  await expect(pricesIn(new LogBook(root, () => undefined))).rejects.toMatchObject({
    code: 'IO_FAILED',
    message: expect.stringContaining(file),
  })
})
