import { createWriteStream } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { PairduckError, visible } from '../../../errors.ts'
import { importFailed } from '../import-failure.ts'
import type { ImportTools } from './format.ts'

/** No market data is packed so tightly; a file made to fill the disk is. */
const maxRatio = 250
/** Below this many bytes a ratio says nothing. */
const freeBytes = 64 * 2 ** 20

const newline = 0x0a

/** In zlib's and Zstandard's words: the bytes themselves are wrong, and nobody knows since where. */
const damaged = /^(?:incorrect (?:data|length) check|invalid )|corrupt|checksum/i

/**
 * Writes what comes out of `from` to a temporary file: the rows of a file are read more than once.
 * Where it breaks off, what came before is kept up to the end of its last whole line; of bytes that
 * are not those that were packed nothing is, for one digit of a price may be among them.
 */
export async function spool(
  name: string,
  [packed, unpack]: readonly [Readable, Transform | undefined],
  { signal, temporaryPath }: Pick<ImportTools, 'signal' | 'temporaryPath'>,
  /** The CRC-32 that the archive has of it; what checks its own content needs none. */
  expectedCrc?: number,
): Promise<{ path: string; cut?: unknown }> {
  const path = temporaryPath()
  let bytesIn = 0
  packed.on('data', (piece: Buffer) => (bytesIn += piece.length))
  let bytesOut = 0
  let crc = 0
  const bounded = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytesOut += piece.length
      if (expectedCrc !== undefined) crc = crc32(piece, crc)
      const isBomb = bytesOut > freeBytes && bytesOut > maxRatio * bytesIn
      done(isBomb ? new Bomb() : null, piece)
    },
  })
  const out = createWriteStream(path)
  try {
    const options = signal === undefined ? {} : { signal }
    await (unpack === undefined
      ? pipeline(packed, bounded, out, options)
      : pipeline(packed, unpack, bounded, out, options))
    if (expectedCrc !== undefined && crc !== expectedCrc) throw new Error('its checksum is wrong')
    return { path }
  } catch (error) {
    if (signal?.aborted === true)
      throw new PairduckError('ABORTED', `stopped before ${visible(name)} was unpacked`, {
        cause: signal.reason,
      })
    if (error instanceof Bomb)
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(name)} unpacks to more than ${maxRatio} times its size, as no file of market data does: unpack it yourself if you trust it; nothing of it is stored`,
        { file: name },
      )
    const failure = importFailed(name, error)
    if (failure.code === 'DISK_FULL') throw failure
    const { message } = error as Error
    if (damaged.test(message))
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(name)} is damaged (${message}): download it again; nothing of it is stored`,
        { file: name, cause: error },
      )
    await truncate(path, await endOfLastLine(path))
    return { path, cut: error }
  }
}

class Bomb extends Error {}

async function endOfLastLine(path: string): Promise<number> {
  const file = await open(path)
  const step = 1 << 16
  try {
    const { size } = await file.stat()
    for (let end = size; end > 0; end -= step) {
      const from = Math.max(0, end - step)
      const { buffer } = await file.read(Buffer.alloc(end - from), 0, end - from, from)
      const at = buffer.lastIndexOf(newline)
      if (at >= 0) return from + at + 1
    }
    return 0
  } finally {
    await file.close()
  }
}
