import { createReadStream } from 'node:fs'
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { PairduckError, visible } from '../../../errors.ts'
import { begins, type ContainerFormat } from './format.ts'
import { spool } from './spool.ts'

/** Node has it from 22.15 on. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform }

export const zstandard: ContainerFormat = {
  kind: 'container',
  name: 'zstandard',
  about: `one compressed file (.zst)${createZstdDecompress === undefined ? ': needs Node 22.15' : ''}`,
  fits: (head) => begins(head, 0x28, 0xb5, 0x2f, 0xfd),
  async *unpack(file, tools) {
    if (createZstdDecompress === undefined)
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(file.name)} is compressed with Zstandard, which Node ${process.versions.node} cannot read (22.15 can): unpack it (\`unzstd\`), or pipe it: zstd -dc <file> | pairduck import <pair> -; nothing of it is stored`,
        { file: file.name, format: 'zstandard' },
      )
    const from = [createReadStream(file.path), createZstdDecompress()] as const
    yield { name: file.name, ...(await spool(file.name, from, tools)) }
  },
}
