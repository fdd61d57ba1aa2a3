import { open } from 'node:fs/promises'

const sampleBytes = 1 << 20
const newline = 0x0a

/**
 * About how many rows a file of lines holds, by the length of its first ones; undefined for what
 * is compressed or binary. Only for a progress bar: the engine doesn't tell how far it has read.
 */
export async function estimateRows(file: string): Promise<number | undefined> {
  if (/\.(?:gz|parquet)$/i.test(file)) return undefined
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const sample = Buffer.alloc(Math.min(size, sampleBytes))
    const { bytesRead } = await handle.read(sample, 0, sample.length, 0)
    const end = sample.subarray(0, bytesRead).lastIndexOf(newline) + 1
    let lines = 0
    for (
      let at = sample.indexOf(newline);
      at >= 0 && at < end;
      at = sample.indexOf(newline, at + 1)
    )
      lines++
    return lines === 0 ? undefined : Math.round((size / end) * lines)
  } finally {
    await handle.close()
  }
}
