import type { MirrorReader } from '../../mirror/mirror-reader.ts'

/** Lends a reader of the mirror at `url` and closes it; without a url, none. */
export async function withMirrorReader<T>(
  url: string | undefined,
  use: (given: { readonly mirror?: MirrorReader }) => Promise<T>,
): Promise<T> {
  if (url === undefined) return use({})
  const { MirrorReader } = await import('../../mirror/mirror-reader.ts')
  const mirror = await MirrorReader.open({ url })
  try {
    return await use({ mirror })
  } finally {
    await mirror.close()
  }
}
