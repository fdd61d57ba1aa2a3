import { openPart } from '../../../archive/archive-place.ts'
import { folderEnd, folderStart, type ArchivedRelation } from '../../../archive/part-path.ts'
import { movePart, readParts, type ArchivePart } from '../../file/archive-ledger.ts'
import { markOf } from './archive-aged.ts'
import type { ArchivePass } from './archive-pass.ts'
import { rowsOfFiles } from './rows-of-part.ts'

/** So many parts of one day are merged by themselves. */
const crowdedParts = 4

/**
 * Merges the parts of closed days into one each, and candles' pieces into bars: those with several
 * late parts, or with `all` each that has more than one. The old parts are removed after the
 * transaction that makes the new one count. Returns how many parts were merged.
 */
export async function compactArchive(pass: ArchivePass, all: boolean): Promise<number> {
  let merged = 0
  const marks = new Map<ArchivedRelation, number>()
  for (const parts of await foldersOf(pass)) {
    const [{ relation, first }] = parts
    if (!marks.has(relation)) marks.set(relation, await markOf(pass, relation))
    const isClosed = folderEnd(relation, first) <= marks.get(relation)!
    if (!isClosed || parts.length < (all ? 2 : crowdedParts)) continue
    if (await mergeFolder(pass, parts)) merged += parts.length
  }
  if (merged > 0) await pass.sweep()
  return merged
}

type Parts = readonly [ArchivePart, ...ArchivePart[]]

/** The kept parts by folder. */
async function foldersOf(pass: ArchivePass): Promise<Parts[]> {
  const kept = await pass.read((connection) => readParts(connection, 'kept'))
  const folders = new Map<string, [ArchivePart, ...ArchivePart[]]>()
  for (const part of kept) {
    const folder = `${part.relation} ${folderStart(part.relation, part.first)}`
    const others = folders.get(folder)
    if (others === undefined) folders.set(folder, [part])
    else others.push(part)
  }
  return [...folders.values()]
}

async function mergeFolder(pass: ArchivePass, parts: Parts): Promise<boolean> {
  const span = spanOf(parts)
  if (span === 'broken') return false
  const [{ relation }] = parts
  const files = await Promise.all(parts.map((part) => openPart(part, pass.store)))
  const written = await pass.write({
    rows: rowsOfFiles(relation, files),
    span,
    commit: async (connection) => {
      const kept = new Set((await readParts(connection, 'kept')).map(({ path }) => path))
      if (!parts.every(({ path }) => kept.has(path))) return false
      for (const { path } of parts)
        await movePart(connection, path, { from: 'kept', to: 'dropping' })
      return true
    },
  })
  return written !== undefined
}

/** What the main parts span together; broken where something was deleted between two of them. */
function spanOf(parts: Parts): { from: number; to: number } | undefined | 'broken' {
  const main = parts.filter(({ to }) => to !== null).sort((a, b) => a.to! - b.to!)
  const [oldest] = main
  if (oldest === undefined) return undefined
  for (const [index, part] of main.entries())
    if (index > 0 && part.from! > main[index - 1]!.to!) return 'broken'
  return { from: oldest.from!, to: main.at(-1)!.to! }
}
