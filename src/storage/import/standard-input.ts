import { createWriteStream, type Stats } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PairduckError, visible } from '../../errors.ts'

/**
 * Writes a stream to a file. A file can be read twice: once to learn its columns, once for its
 * rows, and again around a row that does not fit. Ends with the signal.
 */
export async function spoolInput(
  input: Readable,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await pipeline(input, createWriteStream(path), signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new PairduckError(
      'ABORTED',
      'stopped before standard input had ended; nothing is stored',
      { cause: signal.reason },
    )
  }
}

/** Before anybody reads of it: what is gone then does not come again. */
export function refusePipe(file: string, found: Stats): void {
  if (!found.isFIFO() && !found.isSocket()) return
  throw new PairduckError(
    'IMPORT_FAILED',
    `${visible(file)} is a pipe, which can be read only once: give it as standard input: pairduck import <pair> - < ${visible(file)}; nothing is stored`,
    { file },
  )
}
