import { open } from 'node:fs/promises'
import { PairduckError, visible } from '../../../errors.ts'
import { csv } from './csv.ts'
import type { ContainerFormat, FileHead, ImportFormat, InputFile, RowFormat } from './format.ts'
import { gzip } from './gzip.ts'
import { jsonDocument } from './json-document.ts'
import { jsonLines } from './json-lines.ts'
import { lineProtocol } from './line-protocol.ts'
import { parquet } from './parquet.ts'
import { unreadFormats } from './unread.ts'
import { zip } from './zip.ts'
import { zstandard } from './zstandard.ts'

/** Every format, the first that fits a file's first bytes is its own; a name counts for nothing. */
export const importFormats: readonly ImportFormat[] = [
  gzip,
  zip,
  zstandard,
  parquet,
  ...unreadFormats,
  jsonLines,
  jsonDocument,
  lineProtocol,
  csv,
]

/** What `format` may name: text may look like what it is not. */
const named: Readonly<Record<string, RowFormat>> = {
  csv,
  jsonl: jsonLines,
  json: jsonDocument,
  parquet,
}

const headBytes = 16_384

/** The format of a file, `wanted` for what is inside of containers. `IMPORT_FAILED` for one that is not read. */
export async function formatOf(
  file: InputFile,
  wanted: string | undefined,
): Promise<ContainerFormat | RowFormat> {
  const head = await headOf(file.path)
  const found = importFormats.find(({ fits }) => fits(head))
  if (found?.kind === 'container') return found
  if (wanted !== undefined && named[wanted] !== undefined) return named[wanted]
  if (found === undefined || found.kind === 'unread')
    throw new PairduckError(
      'IMPORT_FAILED',
      `${visible(file.name)} ${found?.about ?? 'is no text, nor any other kind of file that is read (`pairduck import --formats` lists them)'}; nothing of it is stored`,
      { file: file.name, ...(found === undefined ? {} : { format: found.name }) },
    )
  return found
}

async function headOf(path: string): Promise<FileHead> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    const bytes = buffer.subarray(0, bytesRead)
    return {
      bytes,
      text: bytes
        .toString('utf8')
        .replace(/^\ufeff/, '')
        .trimStart(),
    }
  } finally {
    await file.close()
  }
}
