import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'

/** A zip archive of files, in the order given. */
export async function zipped(
  files: Readonly<Record<string, string | Buffer>>,
  { compress = true } = {},
): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of Object.entries(files))
    zip.addBuffer(Buffer.from(content), name, { mtime: new Date(0), compress })
  zip.end()
  return buffer(zip.outputStream)
}
