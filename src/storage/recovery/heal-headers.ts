import { constants, copyFile, rm } from 'node:fs/promises'
import { checksumOf, wordChangedBy } from '../duckdb/block-checksum.ts'
import { Engine } from '../duckdb/engine.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { blocksStart, headerBytes } from './database-header.ts'
import { canBeInForce, canBeMain, identity } from './header-fields.ts'
import { listsItself } from './metadata-blocks.ts'
import { reseal } from './reseal.ts'
import { read, readWalStart } from './wal-entries.ts'
import { onFile } from '../file/on-file.ts'

/**
 * Puts right the headers of a copy of which one byte has changed, and says where they begin. The
 * checksum tells what a word has to be when all others are right, but not which of them has changed:
 * the same difference fits each word of the same value, and one in a topmost byte fits them all. So
 * of all headers that are one byte away and have their checksum it takes the one that the engine can
 * have written, and of several the one under which it reads the most rows.
 */
export async function healHeaders(copy: { database: string; wal: string }): Promise<number[]> {
  const healed: number[] = []
  for (let at = 0; at < blocksStart; at += headerBytes) {
    const found = await onFile(copy.database, 'r', (file) => read(file, at, headerBytes))
    if (found.length < headerBytes) break
    const candidates = [...oneByteAway(found)]
    const fitting = candidates.length === 0 ? [] : await fittingOf(candidates, at, copy)
    const right = await mostRows(fitting, at, copy.database)
    if (right === undefined) continue
    await writeAt(copy.database, right, at)
    healed.push(at)
  }
  return healed
}

/** All headers with the right checksum that differ from what was found in one byte. */
function* oneByteAway(found: Buffer): Iterable<Buffer> {
  const checksum = checksumOf(found.subarray(8))
  const difference = checksum ^ found.readBigUInt64LE(0)
  if (difference === 0n) return
  for (let at = 0; at < found.length; at += 8) {
    const word = found.readBigUInt64LE(at)
    const wanted = at === 0 ? checksum : wordChangedBy(word, difference)
    if (!isOneByte(word ^ wanted)) continue
    const header = Buffer.from(found)
    header.writeBigUInt64LE(wanted, at)
    yield header
  }
}

async function fittingOf(
  candidates: readonly Buffer[],
  at: number,
  { database, wal }: { database: string; wal: string },
): Promise<readonly Buffer[]> {
  if (at === 0) {
    const named = await onFile(wal, 'r', async (log) =>
      readWalStart(log, (await log.stat()).size),
    ).catch(() => undefined)
    const main = candidates.filter(canBeMain)
    const ofLog = main.filter((bytes) =>
      named?.identity?.equals(bytes.subarray(identity.at, identity.at + identity.bytes)),
    )
    // Those that are left differ in nothing that the engine goes by.
    return (ofLog.length > 0 ? ofLog : main).slice(0, 1)
  }
  return onFile(database, 'r', async (file) => {
    const other = await read(file, 3 * headerBytes - at, headerBytes)
    const isWhole = checksumOf(other.subarray(8)) === other.readBigUInt64LE(0)
    const fitting = candidates.filter((bytes) => canBeInForce(bytes, isWhole ? other : undefined))
    const listing: Buffer[] = []
    for (const bytes of fitting) if (await listsItself(file, bytes)) listing.push(bytes)
    return listing.length > 0 ? listing : fitting
  })
}

/** Undefined where none of several opens. */
async function mostRows(
  candidates: readonly Buffer[],
  at: number,
  database: string,
): Promise<Buffer | undefined> {
  if (candidates.length < 2) return candidates[0]
  const trial = `${database}.trial`
  let best: { bytes: Buffer; rows: number } | undefined
  for (const bytes of candidates) {
    await copyFile(database, trial, constants.COPYFILE_FICLONE)
    try {
      await writeAt(trial, bytes, at)
      await onFile(trial, 'r+', reseal)
      const rows = await rowsOf(trial).catch(() => undefined)
      if (rows !== undefined && rows > (best?.rows ?? -1)) best = { bytes, rows }
    } finally {
      await rm(trial, { force: true })
    }
  }
  return best?.bytes
}

/** All rows of all tables; an engine of its own, as what is wrong may end it. */
async function rowsOf(file: string): Promise<number> {
  const engine = await Engine.start()
  try {
    const alias = await engine.attach(file)
    const connection = await engine.connect(alias)
    try {
      const tables = await readRows<{ name: string }>(
        connection,
        `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = current_database()`,
      )
      let rows = 0
      for (const { name } of tables) {
        const [counted] = await readRows<{ rows: number }>(
          connection,
          `SELECT count(*) AS rows FROM "${name.replaceAll('"', '""')}"`,
        )
        rows += counted!.rows
      }
      return rows
    } finally {
      connection.closeSync()
    }
  } finally {
    engine.stop()
  }
}

function isOneByte(difference: bigint): boolean {
  let rest = difference
  while ((rest & 0xffn) === 0n) rest >>= 8n
  return rest <= 0xffn
}

function writeAt(name: string, bytes: Buffer, at: number): Promise<unknown> {
  return onFile(name, 'r+', (file) => file.write(bytes, 0, bytes.length, at))
}
