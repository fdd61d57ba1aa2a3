import { writeFile } from 'node:fs/promises'

/** Writes a file whose content is on the disk when the promise resolves; its name is its folder's. */
export function writeDurably(file: string, content: Buffer | string): Promise<void> {
  return writeFile(file, content, { flush: true })
}
