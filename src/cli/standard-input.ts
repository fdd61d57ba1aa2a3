import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const signatures = [
  { begins: Buffer.from([0x1f, 0x8b]), name: 'input.csv.gz' },
  { begins: Buffer.from('PAR1'), name: 'input.parquet' },
  { begins: Buffer.from('{'), name: 'input.jsonl' },
]

/**
 * Lends standard input as a file, named by what its first bytes are. A file can be read twice: once
 * to learn its columns, once for its rows, and again around a row that does not fit.
 */
export async function withInputFile<T>(
  stdin: Readable,
  signal: AbortSignal,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pairduck-input-'))
  try {
    const file = join(folder, nameOf(await firstBytes(stdin)))
    await pipeline(stdin, createWriteStream(file), { signal })
    return await use(file)
  } catch (error) {
    // The user knows nothing of the file that it lies in.
    if (error instanceof Error)
      error.message = error.message.replaceAll(
        /\S*pairduck-input-\S*\/input\.[a-z.]+[a-z]/g,
        'standard input',
      )
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function nameOf(bytes: Buffer): string {
  const found = signatures.find(({ begins }) => bytes.subarray(0, begins.length).equals(begins))
  return found?.name ?? 'input.csv'
}

/** What has arrived first; it stays in the stream. */
async function firstBytes(stdin: Readable): Promise<Buffer> {
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk as Uint8Array)
    stdin.unshift(bytes)
    return bytes
  }
  return Buffer.alloc(0)
}
