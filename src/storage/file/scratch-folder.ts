import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const ownName = /^scratch-(\d+)-/
/** What earlier versions left, without a word about whose it was. */
const earlierName = /^(?:compact|repair)-\w+$/

/**
 * A new folder for files that are being built, with this process's number in its name. It lies
 * where the target does, so that a rename brings them there: a pair's folder may be on another disk.
 */
export async function makeScratch(
  ours: string,
  { target, purpose }: { target: string; purpose: string },
): Promise<string> {
  const [there, here] = await Promise.all([stat(target), stat(ours)])
  const home = there.dev === here.dev ? ours : target
  return mkdtemp(join(home, `scratch-${process.pid}-${purpose}-`))
}

/** Removes one of {@link makeScratch}. */
export async function removeScratch(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

/** Removes what processes left that are gone, and what this one's number left before it. */
export async function sweepScratch(
  folder: string,
  isOwnerGone: (pid: number) => boolean,
  isAlone: boolean,
): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = ownName.exec(name)?.[1]
    const goes = pid === undefined ? isAlone && earlierName.test(name) : isOwnerGone(Number(pid))
    if (goes) await rm(join(folder, name), { recursive: true, force: true })
  }
}
