import { constants, copyFile, link, open, readFile, rename, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { withoutHardLinks } from '../file/create-file.ts'
import { sizeOf, type PairFiles } from '../file/pair-files.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { writeDurably } from '../file/write-durably.ts'

/** Where a repaired file waits for its name; without an intent it is one that was not finished. */
export function repairedFile(files: PairFiles): string {
  return join(files.directory, 'trading.repaired.duckdb')
}

/** Says that the repaired file is whole and where the damaged ones go: from here on it is finished. */
function intentFile(files: PairFiles): string {
  return join(files.directory, 'trading.repair.json')
}

/** Whether names in a pair's folder tell of a repair that was not finished. */
export function isRepairUnfinished(files: PairFiles, names: ReadonlySet<string>): boolean {
  return [intentFile(files), repairedFile(files)].some((file) => names.has(basename(file)))
}

/**
 * Puts the repaired file in the place of the damaged ones, which go to quarantine. Once the intent
 * is on the disk, whatever is cut short is finished when the pair is next opened.
 */
export async function swapInRepaired(files: PairFiles, quarantine: string): Promise<void> {
  await writeDurably(intentFile(files), JSON.stringify({ quarantine }))
  await syncFolder(files.directory)
  await finishSwap(files, quarantine)
}

/** Finishes a repair whose intent is there; removes what one left that had not come so far. */
export async function settleRepair(files: PairFiles): Promise<void> {
  const quarantine = await readIntent(files)
  if (quarantine !== undefined) return finishSwap(files, quarantine)
  for (const file of [repairedFile(files), `${repairedFile(files)}.wal`, intentFile(files)])
    await unlink(file).catch(ignoreMissing)
  await syncFolder(files.directory)
}

/** Each step may have been done before. */
async function finishSwap(files: PairFiles, quarantine: string): Promise<void> {
  if ((await sizeOf(repairedFile(files))) !== undefined) {
    // The logs first: the engine would refuse them beside the new file.
    for (const file of [files.wal, `${files.wal}.checkpoint`, `${files.wal}.recovery`, files.state])
      await moveTo(quarantine, file)
    await keepIn(quarantine, files.database)
    await syncFolder(quarantine)
    await rename(repairedFile(files), files.database)
    await syncFolder(files.directory)
  }
  await unlink(intentFile(files))
  await syncFolder(files.directory)
}

/** Undefined where there is none, or one that was never finished. */
async function readIntent(files: PairFiles): Promise<string | undefined> {
  try {
    const intent: unknown = JSON.parse(await readFile(intentFile(files), 'utf8'))
    const { quarantine } = (intent ?? {}) as { quarantine?: unknown }
    return typeof quarantine === 'string' ? quarantine : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    ignoreMissing(error)
    return undefined
  }
}

async function moveTo(folder: string, file: string): Promise<void> {
  const target = join(folder, basename(file))
  await rename(file, target).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') return ignoreMissing(error)
    // Of a file that is not there the system says the same.
    if ((await sizeOf(file)) === undefined) return
    await copyFile(file, target)
    await syncFile(target)
    await unlink(file)
  })
}

/** Under a second name, so that the pair is never without its file. */
async function keepIn(folder: string, file: string): Promise<void> {
  const target = join(folder, basename(file))
  await link(file, target).catch(async (error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== undefined && withoutHardLinks.includes(code))
      await copyFile(file, target, constants.COPYFILE_FICLONE).then(() => syncFile(target))
    else ignoreMissing(error)
  })
}

async function syncFile(name: string): Promise<void> {
  const file = await open(name, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
