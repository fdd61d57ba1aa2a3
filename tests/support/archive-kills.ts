import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect, onTestFinished } from 'vitest'
import { DatabaseManager } from '../../src/index.ts'
import { archivedPair, archiving, timeOf } from './archive-sequence.ts'
import type { ArchiveOrder } from './archive-writer.ts'
import { childProgram } from './child-program.ts'
import { sql, temporaryFolder } from './store.ts'

/**
 * Kills a process again and again in the middle of archiving. Afterwards each acknowledged tick must
 * be in archive and file together once, and after one more pass no draft may be left.
 */
export async function expectArchiveSafe(kills: number, seed: number): Promise<void> {
  const [dataDir, archive] = [temporaryFolder(), temporaryFolder()]
  let next = 0
  let spare = await startWriter()
  for (let kill = 1; kill <= kills; kill++) {
    const writer = spare
    if (kill < kills) spare = await startWriter()
    // The first steps of a process are in its second pass; the later ones in parts and compactions.
    next = await writeUntilKilled(writer, {
      dataDir,
      archive,
      next,
      dieAt: 1 + ((seed + kill * 13) % 60),
    })
    await expectWhole(dataDir, archive, next)
  }
}

async function startWriter(): Promise<ChildProcessWithoutNullStreams> {
  const writer = spawn(process.execPath, [
    await childProgram(new URL('archive-writer.ts', import.meta.url)),
  ])
  onTestFinished(() => void writer.kill('SIGKILL'))
  return writer
}

async function writeUntilKilled(
  writer: ChildProcessWithoutNullStreams,
  order: ArchiveOrder,
): Promise<number> {
  let complaint = ''
  let { next } = order
  writer.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
  createInterface(writer.stdout).on('line', (line) => (next = Number(line)))
  const ended = once(writer, 'close')
  writer.stdin.write(`${JSON.stringify(order)}\n`)
  await ended
  expect({ signal: writer.signalCode, complaint }).toEqual({ signal: 'SIGKILL', complaint: '' })
  return next
}

async function expectWhole(dataDir: string, archive: string, next: number): Promise<void> {
  const db = await DatabaseManager.open({
    dataDir,
    archive,
    ...archiving,
    clock: () => timeOf(next),
  })
  try {
    await db.archivePair(archivedPair)
    const [found] = await db.query(
      archivedPair,
      sql<Record<'rows' | 'ids' | 'missing' | 'candles' | 'volume', number>>(`
        SELECT (SELECT count(*) FROM ticks) AS rows,
          (SELECT count(DISTINCT trade_id) FROM ticks) AS ids,
          (SELECT count(*) FROM range(${next}) AS wanted(number)
           WHERE number::VARCHAR NOT IN (SELECT trade_id FROM ticks)) AS missing,
          (SELECT sum(trade_count) FROM candles_1m) AS candles,
          (SELECT sum(volume) FROM candles_1m) - (SELECT sum(volume) FROM ticks) AS volume`),
      { history: true },
    )
    const { rows } = found!
    expect(found).toEqual({ rows, ids: rows, missing: 0, candles: rows, volume: 0 })
    const [kept] = await db.query(
      archivedPair,
      sql<{ paths: string[]; states: number }>(
        `SELECT list(path) AS paths, count(DISTINCT state) AS states FROM pairduck_archive`,
      ),
    )
    const files = readdirSync(archive, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${parentPath.slice(archive.length + 1)}/${name}`)
    // Parts that count and nothing else: no draft, nothing that was merged.
    expect(files.sort()).toEqual([...(kept!.paths ?? [])].sort())
  } finally {
    await db.close()
  }
}
