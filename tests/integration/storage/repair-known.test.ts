import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { assert, asyncProperty, constantFrom, integer, oneof, record } from 'fast-check'
import { expect, it } from 'vitest'
import type { RetentionOptions } from '../../../src/index.ts'
import { checksumOf } from '../../../src/storage/duckdb/block-checksum.ts'
import { healHeaders } from '../../../src/storage/recovery/heal-headers.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import {
  copiesOf,
  fileOf,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
/** A full minute: the ticks fill two bars. */
const from = Math.floor(Date.now() / 60_000 - 10) * 60_000
const rounds = 6
const perRound = 200

/** Closed after several checkpoints: each writes the header that is not in force. */
const made = copiesOf(async (dataDir, retention: RetentionOptions) => {
  const db = await openManager({ dataDir, retention, candles: ['1m'] })
  for (let round = 0; round < rounds; round++) {
    const first = round * perRound
    await db.insertTicks(
      pair,
      someTicks(perRound, { first, from: from + first * 100, stepMs: 100 }),
    )
    await db.cleanupPair(pair)
  }
  await db.close()
})

async function checkpointed(
  retention: RetentionOptions = 'forever',
): Promise<{ dataDir: string; file: string }> {
  const dataDir = await made(retention)
  return { dataDir, file: fileOf(dataDir, pair) }
}

/** Where the header in force begins, or the other one. */
function headerAt(file: string, which: 'newest' | 'older'): number {
  const bytes = readFileSync(file)
  const [first, second] = [4096, 8192].map((at) => bytes.readBigUInt64LE(at + 8))
  const newest = first! > second! ? 4096 : 8192
  return which === 'newest' ? newest : 4096 + 8192 - newest
}

function flip(file: string, ...places: number[]): void {
  flipBy(0xff, file, ...places)
}

function flipBy(mask: number, file: string, ...places: number[]): void {
  const bytes = readFileSync(file)
  for (const at of places) bytes[at]! ^= mask
  writeFileSync(file, bytes)
}

/** What the engine goes by in the header at `slot` is as it was. */
function expectHealed(file: string, whole: Buffer, slot: number): void {
  const healed = readFileSync(file)
  const isNewest = slot === headerAt(file, 'newest')
  // The main header also says who made the file, and where the older one led to, nobody asks.
  const [from, to] = slot === 0 ? [8, 52] : [slot + 8, slot + (isNewest ? 4096 : 16)]
  expect(healed.subarray(from, to).equals(whole.subarray(from, to))).toBe(true)
}

it.each([
  ['the free list of the newest header', (file: string) => headerAt(file, 'newest') + 24],
  ['the root of the newest header', (file: string) => headerAt(file, 'newest') + 16],
  ['the iteration of the newest header', (file: string) => headerAt(file, 'newest') + 9],
  ['the checksum of the newest header', (file: string) => headerAt(file, 'newest') + 3],
  ['the end of the newest header', (file: string) => headerAt(file, 'newest') + 4095],
  ['the older header', (file: string) => headerAt(file, 'older') + 24],
  ['the magic bytes', () => 8],
  ['the checksum of the main header', () => 0],
  ['the identity', () => 130],
])('one changed byte of a header costs nothing: %s', async (_what, place) => {
  const { dataDir, file } = await checkpointed()
  const changed = place(file)
  flip(file, changed)
  const db = await openManager({ dataDir })
  const report = await db.repair(pair)
  expect(report).toMatchObject({ action: 'rescued', rows: { ticks: rounds * perRound }, notes: [] })
  expect(report.lost).toEqual({})
  const at = Math.floor(changed / 4096) * 4096
  expect(report.problems).toContain(`one byte of the header at byte ${at} had changed`)
  expect(await db.verify(pair)).toMatchObject({ ok: true })
})

it.each([
  ['the top of the version', () => 15, 0x01],
  ['a flag', () => 24, 0x01],
  ['what follows the source', () => 96, 0x01],
  ['the unused rest of the main header', () => 3000, 0x80],
  ['the top of the root', (file: string) => headerAt(file, 'newest') + 23, 0x01],
  ['the top of the free list', (file: string) => headerAt(file, 'newest') + 31, 0x02],
  ['the top of the iteration', (file: string) => headerAt(file, 'newest') + 15, 0x40],
  ['the top of the checksum', (file: string) => headerAt(file, 'newest') + 7, 0x04],
  ['the top of the block size', (file: string) => headerAt(file, 'newest') + 47, 0x01],
  ['unused bytes of the newest', (file: string) => headerAt(file, 'newest') + 3000, 0x40],
  ['unused bytes of the older', (file: string) => headerAt(file, 'older') + 103, 0x01],
])('the byte that has changed is found where several would do: %s', async (_what, place, mask) => {
  const { file } = await checkpointed()
  const whole = readFileSync(file)
  flipBy(mask, file, place(file))
  expect(await healHeaders({ database: file, wal: `${file}.wal` })).toHaveLength(1)
  expectHealed(file, whole, Math.floor(place(file) / 4096) * 4096)
})

it('whichever byte of a header has changed, and how, what the engine goes by is as it was', async () => {
  const { file } = await checkpointed()
  const whole = readFileSync(file)
  const anyByte = record({
    slot: constantFrom(0, 4096, 8192),
    at: oneof(integer({ min: 0, max: 159 }), integer({ min: 160, max: 4095 })),
    mask: oneof(integer({ min: 1, max: 255 }), constantFrom(1, 2, 4, 8, 16, 32, 64, 128)),
  })
  await assert(
    asyncProperty(anyByte, async ({ slot, at, mask }) => {
      writeFileSync(file, whole)
      flipBy(mask, file, slot + at)
      expect(await healHeaders({ database: file, wal: `${file}.wal` })).toEqual([slot])
      expectHealed(file, whole, slot)
    }),
    { numRuns: propertyRuns(40) },
  )
})

it('a header that counts free blocks behind the end of the file is no reason to give it up', async () => {
  const { dataDir, file } = await checkpointed()
  const at = headerAt(file, 'newest')
  const bytes = readFileSync(file)
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at + 32) + 9n, at + 32)
  bytes.writeBigUInt64LE(checksumOf(bytes.subarray(at + 8, at + 4096)), at)
  writeFileSync(file, bytes)
  flip(file, at + 24)
  const db = await openManager({ dataDir })
  expect(await db.repair(pair)).toMatchObject({ rows: { ticks: rounds * perRound }, lost: {} })
})

/** A disk of memory, where the system has one that is not the one for temporary files too. */
/** Memory while the tests' folders are on the disk, and the disk while they are in memory. */
const otherDisk = ['/dev/shm', '/var/tmp'].find(
  (folder) => existsSync(folder) && statSync(folder).dev !== statSync(tmpdir()).dev,
)

it.skipIf(otherDisk === undefined)(
  'a quarantine on another disk takes what there is of the files',
  async () => {
    const { dataDir, file } = await checkpointed()
    flip(file, headerAt(file, 'newest') + 24)
    const damaged = readFileSync(file)
    const elsewhere = temporaryFolder(otherDisk)
    rmSync(`${dataDir}/.pairduck/quarantine`, { recursive: true, force: true })
    symlinkSync(elsewhere, `${dataDir}/.pairduck/quarantine`)
    const db = await openManager({ dataDir })
    const report = await db.repair(pair)
    expect(report).toMatchObject({
      action: 'rescued',
      rows: { ticks: rounds * perRound },
      lost: {},
    })
    const kept = readdirSync(elsewhere, { recursive: true, encoding: 'utf8' }).map(
      (name) => `${elsewhere}/${name}`,
    )
    const copy = kept.find((name) => name.endsWith('trading.duckdb'))!
    expect(readFileSync(copy).equals(damaged)).toBe(true)
    expect(kept.some((name) => name.endsWith('trading.state.json'))).toBe(true)
    expect(await db.verify(pair)).toMatchObject({ ok: true })
  },
)

it('rules that an older state of a file has not got are those of the state file', async () => {
  const { dataDir, file } = await checkpointed({ ticks: 3_600_000 })
  const ruled = await openManager({ dataDir })
  await ruled.setRetention(pair, 'forever')
  await ruled.close()
  flip(file, ...Array.from({ length: 40 }, (_, index) => headerAt(file, 'newest') + index))
  const db = await openManager({ dataDir })
  const report = await db.repair(pair)
  expect(report).toMatchObject({ rows: { ticks: rounds * perRound }, lost: {} })
  expect(report.notes).toContain('retention_rules: taken from the state file')
  await db.cleanupPair(pair, { now: Date.now() + 30 * 86_400_000 })
  expect(await db.verify(pair)).toMatchObject({ ok: true, rows: { ticks: rounds * perRound } })
})

it('rows of which only an older state can be read are lost by number', async () => {
  const { dataDir, file } = await checkpointed()
  flip(file, ...Array.from({ length: 40 }, (_, index) => headerAt(file, 'newest') + index))
  const db = await openManager({ dataDir })
  const report = await db.repair(pair)
  expect(report).toMatchObject({ action: 'rescued', rows: { ticks: (rounds - 1) * perRound } })
  expect(report.lost).toMatchObject({ ticks: perRound })
  expect(report.notes).toContain(
    `ticks: ${rounds * perRound} rows when last closed, ${(rounds - 1) * perRound} in the new file`,
  )
})

it.each([
  ['the newest header', 'newest', { ticks: 'unknown' }, (rounds - 1) * perRound],
  ['the older one, whose number can be read', 'older', {}, rounds * perRound],
] as const)('without a state file, what came since an older state is lost: %s', async (...of) => {
  const [, which, lost, ticks] = of
  const { dataDir, file } = await checkpointed()
  const at = headerAt(file, which) + 16
  flip(file, ...Array.from({ length: 24 }, (_, index) => at + index))
  if (which === 'newest') flip(file, at - 8)
  rmSync(`${dirname(file)}/trading.state.json`)
  const db = await openManager({ dataDir })
  const report = await db.repair(pair)
  expect(report).toMatchObject({ action: 'rescued', rows: { ticks } })
  expect(report.lost).toEqual(lost)
  const told = report.notes!.filter((note) =>
    /this is the state of an earlier checkpoint/.test(note),
  )
  expect(told).toHaveLength(which === 'newest' ? 1 : 0)
})

it('ticks that retention has deleted since an older state are not lost', async () => {
  const { dataDir, file } = await checkpointed()
  const deleting = await openManager({ dataDir })
  await deleting.cleanupPair(pair, { keep: { ticks: 1000 }, now: from + 120_000 })
  const { rows } = await deleting.verify(pair)
  await deleting.close()
  flip(file, ...Array.from({ length: 40 }, (_, index) => headerAt(file, 'newest') + index))
  const db = await openManager({ dataDir })
  const report = await db.repair(pair)
  expect(report.rows['ticks']).toBeGreaterThan(rows['ticks']!)
  expect(report.lost).not.toHaveProperty('ticks')
})

it('what nothing can be read of is lost by number, and its rules go on', async () => {
  const { dataDir, file } = await checkpointed()
  writeFileSync(file, 'gone')
  const db = await openManager({ dataDir })
  const report = await db.repair(pair)
  expect(report).toMatchObject({ action: 'set aside', rows: {} })
  expect(report.lost).toMatchObject({ ticks: rounds * perRound, candles_1m: 2 })
  expect(report.lost).not.toHaveProperty('order_flow')
  expect(report.notes).toContain('retention_rules: taken from the state file')
  expect(report.notes).not.toContainEqual(expect.stringMatching(/candles are made anew/))
  expect(report.notes).not.toContainEqual(expect.stringMatching(/what is left of their trades/))
  await db.insertTicks(pair, someTicks(5))
  await db.close()
  const later = await openManager({ dataDir })
  await later.cleanupPair(pair, { now: Date.now() + 30 * 86_400_000 })
  expect(await later.verify(pair)).toMatchObject({ ok: true, rows: { ticks: 5 } })
})

it('a state file that says nonsense of the rules is no reason to fail', async () => {
  const { dataDir, file } = await checkpointed()
  writeFileSync(file, 'gone')
  const name = `${dirname(file)}/trading.state.json`
  const state = JSON.parse(readFileSync(name, 'utf8'))
  const nonsense = { "x'); DROP TABLE ticks; --": { keepMs: 1, everyMs: 1 }, candles_1m: 'never' }
  state.retention = { ...nonsense, ticks: state.retention.ticks }
  writeFileSync(name, JSON.stringify(state))
  const db = await openManager({ dataDir })
  await db.repair(pair)
  const rules = await db.query(pair, sql('SELECT relation, keep_ms FROM retention_rules'))
  expect(rules).toEqual([{ relation: 'ticks', keep_ms: null }])
})

it('a pair that was opened anew without its file has lost what it had', async () => {
  const { dataDir, file } = await checkpointed()
  rmSync(file)
  const db = await openManager({ dataDir })
  await db.insertTicks(pair, someTicks(1, { first: 9_000, from: Date.now() }))
  const report = await db.repair(pair)
  expect(report).toMatchObject({ action: 'rescued', rows: { ticks: 1 } })
  expect(report.lost).toMatchObject({ ticks: rounds * perRound })
  const rules = await db.query(pair, sql('SELECT keep_ms FROM retention_rules'))
  expect(rules).toContainEqual({ keep_ms: null })
  expect(readdirSync(report.quarantine!)).toContain('trading.duckdb')
  expect(await db.repair(pair)).toMatchObject({ action: 'none' })
})
