import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PairduckError, visible } from '../../errors.ts'

/** Where archives put the checksum of a file: beside it. Binance's is `.CHECKSUM`. */
const endings = ['.CHECKSUM', '.sha256', '.sha256sum', '.md5', '.md5sum']

/** Whether a name is that of a checksum file. */
export function isChecksumFile(name: string): boolean {
  return endings.some((ending) => name.toLowerCase().endsWith(ending.toLowerCase()))
}

export async function hashOf(
  path: string,
  algorithm: 'sha256' | 'md5' = 'sha256',
): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path, { highWaterMark: 1 << 17 }), hash)
  return hash.digest('hex')
}

/** The name of the checksum file that agrees; undefined where there is none. `IMPORT_FAILED` where it does not agree. */
export async function verifyChecksum(path: string): Promise<string | undefined> {
  for (const ending of endings) {
    const text = await readFile(path + ending, 'utf8').catch(() => undefined)
    const wanted =
      text === undefined ? undefined : /\b(?:[\da-f]{64}|[\da-f]{32})\b/i.exec(text)?.[0]
    if (wanted === undefined) continue
    const found = await hashOf(path, wanted.length === 64 ? 'sha256' : 'md5')
    const name = basename(path + ending)
    if (found === wanted.toLowerCase()) return name
    throw new PairduckError(
      'IMPORT_FAILED',
      `${visible(path)} is not what ${visible(name)} says: its checksum is ${found}, not ${wanted.toLowerCase()}: download it again; nothing of it is stored`,
      { file: path, checksum: found, expected: wanted.toLowerCase() },
    )
  }
  return undefined
}
