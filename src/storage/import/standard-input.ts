import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PairduckError } from '../../errors.ts'

const signatures = [
  { begins: Buffer.from([0x1f, 0x8b]), name: 'input.csv.gz' },
  { begins: Buffer.from('PAR1'), name: 'input.parquet' },
  { begins: Buffer.from('{'), name: 'input.jsonl' },
  { begins: Buffer.from('['), name: 'input.jsonl' },
]

/**
 * Writes a stream to a file in `folder`, named by what its first bytes are, and returns its path.
 * A file can be read twice: once to learn its columns, once for its rows, and again around a row
 * that does not fit. Ends with the signal.
 */
export async function spoolInput(
  input: Readable,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const path = join(folder, nameOf(await firstBytes(input)))
  try {
    await pipeline(input, createWriteStream(path), signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new PairduckError(
      'ABORTED',
      'stopped before standard input had ended; nothing is stored',
      {
        cause: signal.reason,
      },
    )
  }
  return path
}

function nameOf(bytes: Buffer): string {
  const found = signatures.find(({ begins }) => bytes.subarray(0, begins.length).equals(begins))
  return found?.name ?? 'input.csv'
}

/** What has arrived first; it stays in the stream. */
async function firstBytes(input: Readable): Promise<Buffer> {
  for await (const chunk of input.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk as Uint8Array)
    input.unshift(bytes)
    return bytes
  }
  return Buffer.alloc(0)
}
