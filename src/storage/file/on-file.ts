import { open, type FileHandle } from 'node:fs/promises'

/** Runs `work` with a file open (`r` to read it, `r+` to change it too), and closes it whatever happens. */
export async function onFile<T>(
  name: string,
  flags: 'r' | 'r+',
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(name, flags)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}
