import { open } from 'node:fs/promises'

/** How files begin of which something else tells that they are whole: gzip, zip, Zstandard, Parquet. */
const containers = ['\x1f\x8b', 'PK', '\x28\xb5\x2f\xfd', 'PAR1']

/**
 * Whether a file of text ends without a line end, so that its last row may have been cut and still
 * look like one. Many files end so; JSON that was cut is none, and needs no doubt.
 */
export async function lastLineIsOpen(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size === 0) return false
    const begin = (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString('latin1')
    if (containers.some((each) => begin.startsWith(each))) return false
    const end = await file.read(Buffer.alloc(1), 0, 1, size - 1)
    return !['\n', '\r', '}', ']'].includes(end.buffer.toString('latin1'))
  } finally {
    await file.close()
  }
}
