import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, copyFile, rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PairduckError } from '../../errors.ts'
import { withPlainClient, type Send } from './plain-client.ts'
import { withScratchServer } from './scratch-server.ts'
import { dumpCommands, loadCommands } from './text-backup.ts'
import { waitFor } from './waiting.ts'

export interface BackupPlan {
  /** The running server's port; undefined when it does not run. */
  readonly port: number | undefined
  /** Where the server saves itself. */
  readonly dump: string
  readonly file: string
}

/**
 * Writes a server's dataset of one moment to `file`, in the form that its ending names. The text
 * form is made from the saved dump by a server of its own: reading a live one key by key would
 * mix moments.
 */
export async function backUp(binary: string, { port, dump, file }: BackupPlan): Promise<void> {
  const form = backupForm(file)
  if (port !== undefined) await withPlainClient({ port }, save)
  const partial = `${file}.partial-${process.pid}`
  try {
    if (form === 'rdb') await copyFile(dump, partial)
    else
      await withScratchServer(binary, dump, (send) =>
        pipeline(
          Readable.from(newlineEnded(dumpCommands(send))),
          createWriteStream(partial, { mode: 0o600 }),
        ),
      )
    // What an account holds is nobody else's business.
    await chmod(partial, 0o600)
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && port === undefined)
      throw new PairduckError('INVALID_BACKUP', `there is nothing to back up yet: no ${dump}`, {
        cause: error,
      })
    throw error
  }
}

/**
 * Loads a backup into a server of its own, which proves it, and gives `place` a dump of it that
 * may be moved away. A file that can't be loaded is `INVALID_BACKUP`.
 */
export async function withRestoredDump<T>(
  binary: string,
  file: string,
  place: (dump: string, keys: number) => Promise<T>,
): Promise<T> {
  const form = backupForm(file)
  if (!existsSync(file)) throw new PairduckError('INVALID_BACKUP', `there is no ${file}`, { file })
  return withScratchServer(binary, form === 'rdb' ? file : undefined, async (send, saved) => {
    if (form === 'valkey') await loadCommands(send, readLines(file))
    await send('SAVE')
    return place(saved, await countKeys(send))
  })
}

/** The form that a file's ending names. Throws TypeError for any other. */
export function backupForm(file: string): 'rdb' | 'valkey' {
  const form = /\.(rdb|valkey)$/.exec(file)?.[1]
  if (form === 'rdb' || form === 'valkey') return form
  throw new TypeError(`expected a backup file to end in .rdb or .valkey, got ${file}`)
}

/** SAVE fails while the server saves by itself; then it is tried again. */
async function save(send: Send): Promise<void> {
  const saved = await waitFor(async () => {
    try {
      return await send('SAVE')
    } catch (error) {
      if (/in progress/i.test(String(error))) return undefined
      throw error
    }
  }, 60_000)
  if (saved === undefined)
    throw new PairduckError('VALKEY_REFUSED', 'the server has been saving by itself for 60 s')
}

async function* newlineEnded(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}

function readLines(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Infinity })
}

async function countKeys(send: Send): Promise<number> {
  const info = String(await send('INFO', 'keyspace'))
  const counts = [...info.matchAll(/^db\d+:keys=(\d+)/gm)].map((match) => Number(match[1]))
  return counts.reduce((sum, count) => sum + count, 0)
}
